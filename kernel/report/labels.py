"""labels.json: the classes of a model in their order, and what the model takes and returns."""

from collections.abc import Sequence
from typing import Any

from kernel.model import raw_photos
from kernel.settings.settings import Settings


def describe(model: Any, settings: Settings, class_names: Sequence[str]) -> dict[str, Any]:
    """Return the content of labels.json for a model made by `raw_photos.photo_model`.

    `shape` has null where any number is allowed. With one output, it is the probability of the
    second class; else there is one for each class, in the order of `classes`.
    """
    return {
        "schema": "kitctl-labels/1",
        "classes": list(class_names),
        "input": {
            "shape": list(model.input_shape),
            "dtype": "float32",
            "range": [0, 255],
            "color_mode": settings.color_mode,
            "resized_to": list(settings.image_size),
            "interpolation": settings.interpolation,
            "crop_to_aspect_ratio": settings.crop_to_aspect_ratio,
        },
        "output": {
            "shape": list(model.output_shape),
            "probability_of": list(class_names[1:] if _is_binary(model) else class_names),
        },
        "trained_core": raw_photos.CORE,
    }


def _is_binary(model: Any) -> bool:
    return bool(model.output_shape[-1] == 1)
