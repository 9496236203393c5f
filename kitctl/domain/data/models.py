"""Models on Kaggle: `owner/model/framework/variation`, and which files a framework's model has."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

# As references write a framework → its name in the API.
FRAMEWORKS = {
    "keras": "MODEL_FRAMEWORK_KERAS",
    "tensorFlow2": "MODEL_FRAMEWORK_TENSOR_FLOW_2",
    "pyTorch": "MODEL_FRAMEWORK_PY_TORCH",
    "jax": "MODEL_FRAMEWORK_JAX",
    "flax": "MODEL_FRAMEWORK_FLAX",
    "scikitLearn": "MODEL_FRAMEWORK_SCIKIT_LEARN",
    "onnx": "MODEL_FRAMEWORK_ONNX",
    "transformers": "MODEL_FRAMEWORK_TRANSFORMERS",
    "other": "MODEL_FRAMEWORK_OTHER",
}

# What a run leaves of a model, by framework; what says how to use it goes along.
_MODEL_FILES = {
    "keras": ("*.keras", "*.weights.h5", "model.json"),
    "tensorFlow2": ("saved_model/*",),
    "pyTorch": ("*.pt", "*.pth", "*.safetensors"),
    "scikitLearn": ("*.joblib", "*.skops"),
    "onnx": ("*.onnx",),
    "transformers": ("*.safetensors", "*.json", "*.txt", "*.model"),
    "jax": ("*.npz", "*.msgpack"),
    "flax": ("*.msgpack",),
}
_BESIDE = ("labels.json", "metrics.json", "run.json")


def framework_named(name: str) -> str | None:
    """Return a framework as references write it, whatever the case; None where it is none."""
    return next((known for known in FRAMEWORKS if known.lower() == name.lower()), None)


def model_files(names: Iterable[str], framework: str, patterns: Iterable[str]) -> list[str]:
    """Return the files of a run that make up its model: those of the patterns, else the usual.

    Empty where there is no model among them.
    """
    names, chosen = list(names), tuple(patterns)
    if chosen:
        return [name for name in names if any(fnmatchcase(name, one) for one in chosen)]
    usual = _MODEL_FILES.get(framework, ())
    model = [name for name in names if any(fnmatchcase(name, one) for one in usual)]
    return [*model, *(name for name in names if name in _BESIDE)] if model else []
