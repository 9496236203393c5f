"""What a job's code needs on Kaggle, as far as its text shows: machine, internet, sources."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from kitctl.domain.job import accelerators
from kitctl.domain.job.accelerators import Accelerator
from kitctl.domain.job.metadata import Sources

GPU_PACKAGES = (
    *("torch", "torchvision", "torchaudio", "lightning", "pytorch_lightning", "fastai", "timm"),
    *("tensorflow", "keras", "tf_keras", "keras_cv", "keras_hub", "jax", "flax"),
    *("transformers", "diffusers", "accelerate", "peft", "trl", "unsloth", "vllm"),
    *("sentence_transformers", "open_clip", "ultralytics", "monai", "mmcv", "mmdet", "detectron2"),
    *("segmentation_models_pytorch", "cupy", "cudf", "cuml", "paddle", "mxnet"),
)
"""Import names of packages that compute on a GPU where there is one."""

TPU_PACKAGES = ("torch_xla",)

INTERNET_PACKAGES = (
    *("requests", "httpx", "aiohttp", "urllib3", "gdown", "yfinance", "kagglehub", "kaggle"),
    *("transformers", "diffusers", "datasets", "huggingface_hub", "sentence_transformers"),
    *("tensorflow_datasets", "tensorflow_hub", "ultralytics", "open_clip", "timm", "unsloth"),
    *("wandb", "mlflow", "comet_ml", "neptune", "clearml", "openai", "anthropic"),
)
"""Import names of packages that load models or data, or report, over the network."""

_ON_GPU = (r"\bcuda\b", r"gpu_hist", r"task_type\s*=\s*[\"']GPU")
_ON_TPU = (r"TPUStrategy", r"TPUClusterResolver")
_DOWNLOADS = (
    *(r"\bpip3? install\b", r"[\"']pip3?[\"'],\s*[\"']install[\"']", r"\bgit clone\b"),
    *(r"[!%]\s*(?:wget|curl)\b", r"\burlretrieve\b", r"\burlopen\b", r"torch\.hub\.load"),
    *(r"download\s*=\s*True", r"pretrained\s*=\s*True", r"weights\s*=\s*[\"']imagenet[\"']"),
    *(r"_Weights\.", r"fetch_openml\(", r"keras\.datasets\.", r"nltk\.download\("),
)
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_COMPETITION = re.compile(rf"/kaggle/input/competitions/({_NAME})")
_DATASET = re.compile(rf"/kaggle/input/datasets/({_NAME}/{_NAME})")
_KERNEL = re.compile(rf"/kaggle/input/notebooks/({_NAME}/{_NAME})")
_SHORT_PATH = re.compile(
    rf"(?:/kaggle|\.\.)/input/(?!(?:competitions|datasets|notebooks|models)\b)({_NAME})(/[\w./-]*)?"
)
_COMPETITION_FILES = re.compile(r"/(?:train|test|sample_submission|gender_submission)\b")


@dataclass(frozen=True)
class CodeNeeds:
    """The machine, the internet and the sources for a job, each with its reason.

    `unknown_sources` are names under /kaggle/input whose owner the code does not say.
    """

    accelerator: Accelerator
    accelerator_reason: str
    enable_internet: bool
    internet_reason: str
    sources: Sources
    unknown_sources: tuple[str, ...]


def code_needs(imports: Collection[str], text: str) -> CodeNeeds:
    """Return what the code needs, from the names that it imports and from its text."""
    tpu = _reason(imports, TPU_PACKAGES, text, _ON_TPU)
    gpu = _reason(imports, GPU_PACKAGES, text, _ON_GPU)
    internet = _reason(imports, INTERNET_PACKAGES, text, _DOWNLOADS)
    machine = accelerators.TPU if tpu else accelerators.T4X2 if gpu else accelerators.CPU
    competitions = dict.fromkeys(_COMPETITION.findall(text))
    unknown: dict[str, None] = {}
    for name, path in _SHORT_PATH.findall(text):
        # Only a competition asks for a submission, and its files have these names.
        if "submission.csv" in text and _COMPETITION_FILES.match(path):
            competitions[name] = None
        else:
            unknown[name] = None
    return CodeNeeds(
        accelerator=machine,
        accelerator_reason=tpu or gpu or "nothing in it uses a GPU",
        enable_internet=bool(internet),
        internet_reason=internet or "nothing in it needs the network",
        sources=Sources(
            datasets=tuple(dict.fromkeys(_DATASET.findall(text))),
            kernels=tuple(dict.fromkeys(_KERNEL.findall(text))),
            competitions=tuple(competitions),
        ),
        unknown_sources=tuple(name for name in unknown if name not in competitions),
    )


def _reason(
    imports: Collection[str], packages: Collection[str], text: str, patterns: Collection[str]
) -> str:
    """Return why the code needs something, or "" where it does not."""
    for name in packages:
        if name in imports:
            return f"it imports {name}"
    for pattern in patterns:
        if match := re.search(pattern, text):
            return f"it has {match[0].strip()}"
    return ""
