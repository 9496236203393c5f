"""Whether a script seems to use the accelerator that it asks for.

Kaggle bills a GPU whether it is used or not, and a T4 session has two. A script's text proves
nothing, so there are only warnings, no refusals, and only where nothing in the script could use the
machine.
"""

from __future__ import annotations

import re

from kitctl.domain.job.code_needs import GPU_PACKAGES

# Those for which a job is given a GPU, and those that use one only where the job asks for it.
_GPU_LIBRARIES = "|".join(
    (
        *GPU_PACKAGES,
        *("keras_nlp", "cugraph", "cuspatial", "numba", "pycuda", "triton", "warp", "tensorrt"),
        *("xgboost", "lightgbm", "catboost", "onnxruntime", "tinygrad"),
    )
)
_TPU_LIBRARIES = "tensorflow|keras|keras_hub|jax|flax|torch_xla"

# Python's two kinds of import, R's, and notebook magic such as `%load_ext cudf.pandas`.
_IMPORT = (
    r"(?:\b(?:import|from)\s+|\blibrary\(\s*[\"']?|%load_ext\s+)(?:[\w.]+\s*(?:as\s+\w+\s*)?,\s*)*"
)
_USES = {
    "gpu": re.compile(rf"{_IMPORT}(?:{_GPU_LIBRARIES})\b"),
    "tpu": re.compile(rf"{_IMPORT}(?:{_TPU_LIBRARIES})\b"),
}

# What uses both T4s, in TensorFlow, Keras, PyTorch, JAX and what is built on them.
_BOTH = re.compile(
    r"tf\.distribute|\w*Strategy\(|keras\.distribution|DataParallel|torch\.distributed|torchrun|"
    r"import accelerate|from accelerate|device_map|tensor_parallel|num_gpus|n_gpus|devices\s*=|"
    r"pmap|shard_map|jax\.sharding|cuda:1|[Gg][Pp][Uu]:1|LocalCUDACluster|gpu_ids|device_count"
)
# Programs that the script starts may use what it does not use itself.
_OTHER_PROGRAMS = re.compile(
    r"\bsubprocess\b|os\.system|os\.exec|os\.popen|\brunpy\b|\bimportlib\b|(?m:^|\")\s*[!%](?!load_ext)"
)

# Kaggle's name for the machine with two T4s; there is none with one.
TWO_T4S = "NvidiaTeslaT4"

_SECOND_IDLES = (
    "A T4 session has two GPUs, and nothing in the job seems to use the second: it would idle "
    "(a strategy such as tf.distribute.MirroredStrategy uses both, at the same cost)."
)


def warnings(text: str, pool: str, accelerator: str) -> tuple[str, ...]:
    """Return what to warn of before a script with this text runs on that machine."""
    if pool not in _USES:
        return ()
    if not _USES[pool].search(text):
        return () if _OTHER_PROGRAMS.search(text) else (_unused(pool.upper()),)
    return (_SECOND_IDLES,) if accelerator == TWO_T4S and not _BOTH.search(text) else ()


def _unused(unit: str) -> str:
    return (
        f"The job asks for a {unit}, and nothing in it seems to use one: it would spend the week's "
        f"{unit} hours on CPU work (`--accelerator cpu` costs none)."
    )
