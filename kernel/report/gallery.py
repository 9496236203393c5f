"""All pictures of a run: curves, photos, mistakes, confusion matrix and feature maps."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kernel import session
from kernel.data import photos, pipelines
from kernel.data.photos import Photos
from kernel.plots import has_glyphs
from kernel.report import charts, sheets
from kernel.report.predictions import mistake_indices
from kernel.settings.settings import Settings

FOLDER = Path("plots")
_LAYERS_SHOWN = 8


def draw(
    settings: Settings,
    base: Any,
    photo_set: photos.PhotoSet,
    history: dict[str, list[float]],
    probabilities: np.ndarray[Any, Any],
    chance_loss: float | None = None,
) -> None:
    """Draw every picture into `FOLDER`.

    `base` is the Keras layer, `probabilities` are the model's for the validation photos, and
    `chance_loss` is the validation loss of guessing.
    """
    names = photo_set.train.class_names
    if unshown := next((name for name in names if not has_glyphs(name)), None):
        session.say(
            f"no font here has all characters of {unshown}; the package mplfonts brings one"
        )
    labels = np.array(photo_set.valid.labels)
    marks = _marks(settings, history, labels, chance_loss)
    charts.curves(history, FOLDER, settings.zoom_from, marks)
    first = np.arange(min(settings.sheet_photos, len(photo_set.train)))
    sheet = load_images(photo_set.train, first, settings)
    sheet_labels = np.array(photo_set.train.labels)[first]
    sheets.photo_sheet(sheet, sheet_labels, names, FOLDER / "photos.png")
    worst = mistake_indices(labels, probabilities)[: settings.sheet_photos]
    sheets.mistakes_sheet(
        load_images(photo_set.valid, worst, settings),
        labels,
        probabilities,
        names,
        FOLDER / "mistakes.png",
        [session.utf8(path) for path in photo_set.valid.paths],
    )
    charts.confusion_matrix(labels, probabilities, names, FOLDER / "confusion.png")
    outputs = layer_outputs(base, sheet[:1])
    if any(output.ndim == 4 for output in outputs.values()):
        sheets.feature_maps(outputs, sheet[0], FOLDER / "feature_maps.png")
    else:
        session.say("no feature maps: the base is a SavedModel, whose layers Keras cannot show")
        for name, output in outputs.items():
            sheets.flat_output(name, output, sheet[0], FOLDER / "feature_maps.png")


def _marks(
    settings: Settings,
    history: dict[str, list[float]],
    labels: np.ndarray[Any, Any],
    chance_loss: float | None,
) -> charts.Marks:
    """Return the run in a line, the epoch of the least validation loss, and guessing's values."""
    losses = [loss for loss in history.get("val_loss", []) if math.isfinite(loss)]
    best = history["val_loss"].index(min(losses)) + 1 if losses else None
    guessing = {"accuracy": float(np.bincount(labels).max() / len(labels))}
    if chance_loss is not None:
        guessing["loss"] = chance_loss
    units = ", ".join(map(str, settings.units)) or "none"
    run = f"{settings.base}, units {units}, {settings.optimizer} {settings.learning_rate:g}"
    return charts.Marks(run, best, guessing)


def load_images(chosen: Photos, indices: np.ndarray[Any, Any], settings: Settings) -> Any:
    """Return the photos at `indices` as the model gets them: float32 [n, height, width, channels].

    The order is that of `indices`.
    """
    batches = [batch.numpy() for batch, _ in pipelines.once(chosen, indices, settings)]
    return np.concatenate(batches) if batches else np.empty((0, *settings.input_shape), "float32")


def layer_outputs(base: Any, photo: Any) -> dict[str, Any]:
    """Return what layers spread over the base's depth compute for one photo [1, h, w, c].

    For a base whose layers Keras does not know (a SavedModel) that is its output only.
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
    shown = [
        spatial[i] for i in np.unique(np.linspace(0, len(spatial) - 1, _LAYERS_SHOWN, dtype=int))
    ]
    model = keras.Model(core.input, {layer.name: layer.output for layer in shown})
    outputs = model(photo, training=False)
    return {layer.name: np.asarray(outputs[layer.name]) for layer in shown}
