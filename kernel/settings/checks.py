"""What each setting may be, and which settings contradict each other."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kernel.settings.choices import BOOL, ValueCheck, list_of, number, one_of, text, whole

if TYPE_CHECKING:
    from kernel.settings.settings import Settings

BASES = ("convnet", "vgg16", "inceptionv1", "mobilenetv2", "efficientnetv2b0")
PIPELINES = (
    "naive", "prefetch", "parallel_map", "interleave", "vectorized", "cache", "course", "fast",
)  # fmt: skip
INTERPOLATIONS = (
    "nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic",
)  # fmt: skip
LOSSES = (
    "auto",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
)
METRICS = (
    "auto",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "mean_squared_error",
)
ACTIVATIONS = ("relu", "elu", "gelu", "selu", "silu", "tanh", "sigmoid", "leaky_relu", "linear")

# What a sweep may vary: all that leaves the features as they are.
SWEPT = (
    "units", "activation", "dropout", "pooling", "optimizer", "learning_rate", "epsilon",
    "momentum", "seed",
)  # fmt: skip


def contradictions(settings: "Settings") -> list[tuple[str, str, str]]:
    """Settings that are right alone and wrong together: (setting, message, allowed)."""
    found = []
    modes = {
        "binary_crossentropy": ("auto", "binary", "categorical"),
        "binary_focal_crossentropy": ("auto", "binary", "categorical"),
        "categorical_crossentropy": ("categorical",),
        "sparse_categorical_crossentropy": ("auto", "int"),
    }.get(settings.loss)
    if modes and settings.label_mode not in modes:
        found.append(
            ("loss", f"does not fit label_mode {settings.label_mode!r}", f"label_mode {modes}")
        )
    if settings.labels != "inferred" and not settings.validation_split:
        found.append(
            ("labels", "a list of labels needs one folder and validation_split", "'inferred'")
        )
    if settings.labels != "inferred" and settings.class_names:
        found.append(("class_names", "cannot be given together with a list of labels", "[]"))
    if settings.augment_views and not settings.augments:
        found.append(("augment_views", "no augmentation is on, so all views are alike", "0"))
    if settings.augment_views and not settings.base_is_frozen:
        found.append(("augment_views", "views are stored for a frozen base only", "0"))
    if settings.fine_tune_epochs and not settings.base_is_frozen:
        found.append(
            ("fine_tune_epochs", "the base is trained from the start (base_trainable)", "0")
        )
    if settings.task == "sweep" and not settings.sweep:
        found.append(("sweep", "the grid is empty", "a table such as {units = [6, 32]}"))
    if settings.task == "sweep" and not settings.base_is_frozen:
        found.append(
            ("base_trainable", "a sweep trains heads on a frozen base's features", "false")
        )
    if len(set(settings.class_names)) != len(settings.class_names):
        found.append(("class_names", "a name stands twice", "each class once"))
    if settings.base in ("vgg16", "mobilenetv2", "efficientnetv2b0", "inceptionv1"):
        if settings.color_mode != "rgb" and settings.base_weights != "random":
            found.append(("color_mode", f"{settings.base}'s weights are for rgb", "'rgb'"))
        if min(settings.image_size) < 32:
            found.append(("image_size", f"{settings.base} needs at least 32 x 32", "[32, 32] up"))
    return found


def _grid(value: Any) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """A sweep's grid; each value is checked as the setting that it stands for."""
    if not isinstance(value, Mapping):
        raise ValueError("expected a table of setting = [values]")
    grid = []
    for name, choices in value.items():
        if name not in SWEPT:
            raise ValueError(f"{name!r} is no setting of the head or its fit")
        listed = choices if isinstance(choices, list | tuple) else [choices]
        if not listed:
            raise ValueError(f"{name!r} has no values")
        try:
            grid.append((name, tuple(CHECKS[name].read(choice) for choice in listed)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}; allowed: {CHECKS[name].allowed}") from None
    return tuple(grid)


def _labels(value: Any) -> str | tuple[int, ...]:
    if value == "inferred":
        return "inferred"
    if isinstance(value, list | tuple) and value and all(type(label) is int for label in value):
        return tuple(value)
    raise ValueError("training needs a label for every photo")


def _base_trainable(value: Any) -> str | bool:
    if value == "auto" or isinstance(value, bool):
        return value
    raise ValueError("not one of the choices")


_SHARE = number(0, 1)
_BELOW_ONE = number(0, 1, upper_open=True)

CHECKS: dict[str, ValueCheck] = {
    "task": one_of("train", "pipelines", "sweep"),
    "seed": whole(0, 2**32 - 1),
    "data": text(),
    "train_folder": text(),
    "valid_folder": text(),
    "photos_per_class": whole(0),
    "max_bad_share": _SHARE,
    "max_megapixels": number(0, math.inf, lower_open=True),
    "labels": ValueCheck(_labels, "'inferred', or a list with one whole number a photo"),
    "label_mode": one_of("auto", "binary", "categorical", "int"),
    "class_names": list_of(text()),
    "color_mode": one_of("grayscale", "rgb", "rgba"),
    "batch_size": whole(1),
    "image_size": list_of(whole(8, 4096), length=2, repeat=True),
    "shuffle": BOOL,
    "validation_split": _BELOW_ONE,
    "subset": one_of("both", "training", "validation"),
    "interpolation": one_of(*INTERPOLATIONS),
    "follow_links": BOOL,
    "crop_to_aspect_ratio": BOOL,
    "pipeline": one_of(*PIPELINES),
    "read_delay_ms": number(0, 10_000),
    "ram_budget_mb": whole(0),
    "downscale_decode": BOOL,
    "measure_rounds": whole(1, 100),
    "base": one_of(*BASES),
    "base_weights": text(),
    "base_trainable": ValueCheck(_base_trainable, "'auto', true, false"),
    "preprocessing": one_of("auto", "unit", "base"),
    "filters": list_of(whole(1, 4096), least=1),
    "convnet_dropout": _BELOW_ONE,
    "pooling": one_of("auto", "flatten", "average", "max"),
    "units": list_of(whole(1, 1_000_000), single=True),
    "activation": one_of(*ACTIVATIONS),
    "dropout": _BELOW_ONE,
    "epochs": whole(1, 100_000),
    "optimizer": one_of("adam", "adamw", "nadam", "sgd", "rmsprop"),
    "learning_rate": number(0, 100, lower_open=True),
    "epsilon": number(0, 10, lower_open=True),
    "momentum": _BELOW_ONE,
    "loss": one_of(*LOSSES),
    "metrics": list_of(one_of(*METRICS), least=1, single=True),
    "fine_tune_epochs": whole(0, 100_000),
    "fine_tune_layers": whole(1, 10_000),
    "fine_tune_learning_rate": number(0, 100, lower_open=True),
    "augment_flip": one_of("none", "horizontal", "vertical", "horizontal_and_vertical"),
    "augment_rotation": _SHARE,
    "augment_zoom": _BELOW_ONE,
    "augment_translation": _BELOW_ONE,
    "augment_contrast": _BELOW_ONE,
    "augment_views": whole(0, 1000),
    "keep_features": BOOL,
    "feature_dtype": one_of("float32", "float16"),
    "reuse_features": text(empty=True),
    "features_in_memory_mb": whole(1),
    "forward_batch_size": whole(0),
    "compute_dtype": one_of("float32", "float16", "bfloat16"),
    "xla": BOOL,
    "devices": whole(0, 64),
    "time_limit": number(0, 12 * 3600),
    "require_accelerator": BOOL,
    "stop_on_nan": BOOL,
    "stop_on_plateau": whole(0),
    "stop_below_gpu_use": _BELOW_ONE,
    "plots": BOOL,
    "zoom_from": whole(0),
    "sheet_photos": whole(1, 400),
    "sweep": ValueCheck(_grid, "a table: setting of the head = [values]"),
}
