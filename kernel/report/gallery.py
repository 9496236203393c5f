"""The pictures of a run: curves, photos, mistakes, confusion, what the base sees."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from kernel import plots
from kernel.data import photos, pipelines
from kernel.data.photos import Photos
from kernel.settings.settings import Settings

FOLDER = Path("plots")
_MAP_LAYERS = 8


def draw(
    settings: Settings,
    base: Any,
    photo_set: photos.PhotoSet,
    history: dict[str, list[float]],
    probabilities: np.ndarray[Any, Any],
) -> None:
    """Draw every picture; `probabilities` are the model's for the validation photos."""
    names = photo_set.train.class_names
    labels = np.array(photo_set.valid.labels)
    plots.curves(history, FOLDER, settings.zoom_from)
    first = np.arange(min(settings.sheet_photos, len(photo_set.train)))
    sheet = images(photo_set.train, first, settings)
    sheet_labels = np.array(photo_set.train.labels)[first]
    plots.photo_sheet(sheet, sheet_labels, names, FOLDER / "photos.png")
    worst = plots.mistakes(labels, probabilities)[: settings.sheet_photos]
    plots.mistakes_sheet(
        images(photo_set.valid, worst, settings),
        labels,
        probabilities,
        names,
        FOLDER / "mistakes.png",
    )
    plots.confusion_matrix(labels, probabilities, names, FOLDER / "confusion.png")
    maps = layer_outputs(base, sheet[:1])
    plots.feature_maps(maps, sheet[0], FOLDER / "feature_maps.png")


def images(chosen: Photos, indexes: np.ndarray[Any, Any], settings: Settings) -> Any:
    """The photos at `indexes` as the model sees them: float32 [n, height, width, channels]."""
    batches = [batch.numpy() for batch, _ in pipelines.once(chosen, indexes, settings)]
    return np.concatenate(batches) if batches else np.empty((0, *settings.input_shape), "float32")


def layer_outputs(base: Any, photo: Any) -> dict[str, Any]:
    """What layers spread over the base's depth give for one photo [1, h, w, c].

    A base whose inside Keras does not know shows its output only.
    """
    core = base.layers[-1] if base.name == "base" else base
    if not hasattr(core, "layers"):
        return {core.name: np.asarray(base(photo))}
    for layer in base.layers[:-1] if core is not base else ():
        photo = layer(photo)
    spatial = [
        layer
        for layer in core.layers
        if len(getattr(layer.output, "shape", ())) == 4
        and not isinstance(layer, keras.layers.InputLayer)
    ]
    picked = [
        spatial[i] for i in np.unique(np.linspace(0, len(spatial) - 1, _MAP_LAYERS, dtype=int))
    ]
    probe = keras.Model(core.input, [layer.output for layer in picked])
    outputs = probe(photo, training=False)
    return {layer.name: np.asarray(output) for layer, output in zip(picked, outputs, strict=True)}
