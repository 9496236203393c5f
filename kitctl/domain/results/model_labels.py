"""What a run's model takes and returns: labels.json, or for older runs the settings in run.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_CLASSES = 100_000
CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


@dataclass(frozen=True)
class ModelLabels:
    """The classes in their order, and what must be done with a photo before the model gets it.

    `resize_to` is empty where the model resizes itself; `scale` is whether it takes 0…1.
    """

    classes: tuple[str, ...]
    channels: int
    resize_to: tuple[int, ...]
    interpolation: str
    crop: bool
    scale: bool

    def request(self) -> dict[str, Any]:
        """Return what the process that predicts needs."""
        return {
            "channels": self.channels,
            "resize_to": list(self.resize_to),
            "interpolation": self.interpolation,
            "crop": self.crop,
            "scale": self.scale,
        }

    def ranked(self, outputs: Sequence[float]) -> list[tuple[str, float]]:
        """Return the classes with their probabilities, the likeliest first.

        One output is the probability of the second of two classes. Without names for all of them,
        classes are called by their numbers.
        """
        values = [1 - outputs[0], outputs[0]] if len(outputs) == 1 else list(outputs)
        has_names = len(self.classes) == len(values)
        names = self.classes if has_names else [str(number) for number in range(len(values))]
        return sorted(zip(names, values, strict=True), key=lambda pair: -pair[1])


def from_labels(content: Mapping[str, Any]) -> ModelLabels | None:
    """Return what labels.json says; None where it says too little."""
    inputs = content.get("input")
    classes = _names(content.get("classes"))
    if content.get("schema") != "kitctl-labels/1" or not isinstance(inputs, dict) or not classes:
        return None
    shape = inputs.get("shape")
    is_fixed = isinstance(shape, list) and len(shape) == 4 and shape[1] is not None
    return ModelLabels(
        classes,
        CHANNELS.get(str(inputs.get("color_mode")), 3),
        _size(inputs.get("resized_to")) if is_fixed else (),
        str(inputs.get("interpolation", "nearest")),
        inputs.get("crop_to_aspect_ratio") is True,
        scale=False,
    )


def from_report(report: Mapping[str, Any]) -> ModelLabels | None:
    """Return what run.json says of a model without labels.json: photos of one size in 0…1."""
    settings, photos = report.get("settings"), report.get("photos")
    if not isinstance(settings, dict) or not isinstance(photos, dict):
        return None
    size = _size(settings.get("image_size"))
    train = photos.get("train")
    classes = _names(list(train)) if isinstance(train, dict) else ()
    if not size or not classes:
        return None
    return ModelLabels(
        classes,
        CHANNELS.get(str(settings.get("color_mode")), 3),
        size,
        str(settings.get("interpolation", "nearest")),
        settings.get("crop_to_aspect_ratio") is True,
        scale=True,
    )


def _names(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > MOST_CLASSES:
        return ()
    return tuple(str(value) for value in values)


def _size(value: object) -> tuple[int, ...]:
    is_size = (
        isinstance(value, list)
        and len(value) == 2
        and all(type(side) is int and 0 < side < 20_000 for side in value)
    )
    return tuple(value) if is_size and isinstance(value, list) else ()
