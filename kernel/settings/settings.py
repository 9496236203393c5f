"""Every knob of the training job, with its default and what it may be. Standard library only.

A job's `job.toml` names the knobs that differ from the defaults below; nothing else in the kernel
holds a default. `Settings.from_mapping` checks them all and reports every mistake at once.
"""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from kernel.settings.checks import CHECKS, contradictions


@dataclass(frozen=True)
class Problem:
    """One wrong setting: what was given, why it cannot be, and what could stand there."""

    setting: str
    value: Any
    message: str
    allowed: str


class SettingsError(Exception):
    """Every mistake of a job's settings, together."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{p.setting}: {p.message}" for p in problems))


@dataclass(frozen=True)
class Settings:
    """The knobs of a run. Names that Keras has are Keras' names."""

    # What to do.
    task: str = "train"
    seed: int = 31415

    # Photos: `data` is an attached data set (owner/slug) or a folder.
    data: str = "ryanholbrook/car-or-truck"
    train_folder: str = "train"
    valid_folder: str = "valid"
    photos_per_class: int = 0  # 0: all
    max_bad_share: float = 0.05
    max_megapixels: float = 100.0

    # image_dataset_from_directory's own options.
    labels: str | tuple[int, ...] = "inferred"
    label_mode: str = "auto"
    class_names: tuple[str, ...] = ()
    color_mode: str = "rgb"
    batch_size: int = 64
    image_size: tuple[int, int] = (128, 128)
    shuffle: bool = True
    validation_split: float = 0.0
    subset: str = "both"
    interpolation: str = "nearest"
    follow_links: bool = False
    crop_to_aspect_ratio: bool = False

    # From files to batches.
    pipeline: str = "course"
    read_delay_ms: float = 0.0
    ram_budget_mb: int = 0
    downscale_decode: bool = False
    measure_rounds: int = 3

    # The base.
    base: str = "convnet"
    base_weights: str = "auto"
    base_trainable: str | bool = "auto"
    preprocessing: str = "auto"
    filters: tuple[int, ...] = (16, 32, 64, 96)  # convnet: one block each
    convnet_dropout: float = 0.0

    # The head: units of its hidden layers, then one output a class (one for two classes).
    pooling: str = "auto"
    units: tuple[int, ...] = (6,)
    activation: str = "relu"
    dropout: float = 0.0

    # The fit.
    epochs: int = 30
    optimizer: str = "adam"
    learning_rate: float = 0.001
    epsilon: float = 1e-7
    momentum: float = 0.0
    loss: str = "auto"
    metrics: tuple[str, ...] = ("auto",)
    fine_tune_epochs: int = 0
    fine_tune_layers: int = 4
    fine_tune_learning_rate: float = 1e-5

    # Augmentation: shares of the full range, as Keras' layers take them.
    augment_flip: str = "none"
    augment_rotation: float = 0.0
    augment_zoom: float = 0.0
    augment_translation: float = 0.0
    augment_contrast: float = 0.0
    augment_views: int = 0  # 0: live; K: a frozen base's features of K views are kept

    # The feature store.
    keep_features: bool = True
    feature_dtype: str = "float32"
    reuse_features: str = ""
    features_in_memory_mb: int = 128
    forward_batch_size: int = 0  # 0: batch_size, which keeps the course's bits
    compute_dtype: str = "float32"
    xla: bool = False
    devices: int = 0  # 0: all that are visible

    # When to stop before the end.
    time_limit: float = 0.0
    require_accelerator: bool = True
    stop_on_nan: bool = True
    stop_on_plateau: int = 0
    stop_below_gpu_use: float = 0.0

    # What is drawn.
    plots: bool = True
    zoom_from: int = 15
    sheet_photos: int = 25

    # Sweep: setting → values; every combination is trained.
    sweep: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Settings":
        """Settings from plain values (TOML, JSON); raises `SettingsError` with every mistake."""
        known = {field.name for field in fields(cls)}
        problems, values = [], {}
        for name, value in mapping.items():
            if name not in known:
                problems.append(_unknown(name, value, known))
                continue
            try:
                values[name] = CHECKS[name].read(value)
            except ValueError as error:
                problems.append(Problem(name, value, str(error), CHECKS[name].allowed))
        settings = replace(cls(), **values)
        problems += [
            Problem(name, getattr(settings, name), message, allowed)
            for name, message, allowed in contradictions(settings)
        ]
        if problems:
            raise SettingsError(problems)
        return settings

    def as_dict(self) -> dict[str, Any]:
        """Every setting as JSON can hold it."""
        plain = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        plain["sweep"] = {name: [_plain(v) for v in values] for name, values in self.sweep}
        return plain

    def as_fitted(self) -> dict[str, Any]:
        """The settings on which the trained weights depend."""
        return {name: value for name, value in self.as_dict().items() if name not in _NOT_FITTED}

    @property
    def channels(self) -> int:
        """Colour channels of a photo."""
        return {"grayscale": 1, "rgb": 3, "rgba": 4}[self.color_mode]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one photo: height, width, channels."""
        return (*self.image_size, self.channels)

    @property
    def augments(self) -> bool:
        """Whether any augmentation is on."""
        return self.augment_flip != "none" or any(
            (
                self.augment_rotation,
                self.augment_zoom,
                self.augment_translation,
                self.augment_contrast,
            )
        )

    @property
    def head_pooling(self) -> str:
        """What stands between base and head; "auto" is the course's Flatten for a frozen base.

        A base trained from scratch gets the average: a Flatten of its many features drives the
        six units of the course's head to zero in the first epoch, where they stay.
        """
        if self.pooling != "auto":
            return self.pooling
        return "flatten" if self.base_is_frozen else "average"

    @property
    def base_is_frozen(self) -> bool:
        """Whether the base keeps its weights. The convnet starts from noise, so it is trained."""
        if self.base_trainable == "auto":
            return self.base != "convnet"
        return not self.base_trainable

    def changed(self, **values: Any) -> "Settings":
        """The same settings but for `values`, checked again."""
        return Settings.from_mapping({**self.as_dict(), **values})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _unknown(name: str, value: Any, known: set[str]) -> Problem:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "it is not a setting of this job"
    return Problem(name, value, f"unknown setting; {hint}", ", ".join(sorted(known)))


_NOT_FITTED = {
    "data", "time_limit", "require_accelerator", "stop_on_nan", "stop_on_plateau",
    "stop_below_gpu_use", "plots", "zoom_from", "sheet_photos", "keep_features", "reuse_features",
    "features_in_memory_mb", "read_delay_ms", "ram_budget_mb", "measure_rounds", "devices",
    "max_bad_share", "photos_per_class",
}  # fmt: skip
