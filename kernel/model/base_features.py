"""What the features of a frozen base are made of: its outputs at several sizes, over flips."""

from typing import Any

import keras
from keras import layers

from kernel.session import RunError
from kernel.settings.settings import Settings

_LEAST_VARIANCE = 1e-6  # far below that of features, which may be small
# The axes [batch, height, width, channels] along which a photo is turned over, for each view.
_FLIPS: dict[str, list[tuple[int, ...]]] = {
    "none": [()],
    "horizontal": [(), (2,)],
    "vertical": [(), (1,)],
    "horizontal_and_vertical": [(), (2,), (1,), (1, 2)],
}


def build(network: Any, core: Any, settings: Settings) -> Any:
    """Return `network` as the settings' features: photos [n, height, width, channels] → features.

    `core` is the part of it that holds its weights: its last layer, or itself. One level without
    flips is `network` as it is. All that is added are Keras' own layers and operations, so that a
    saved model loads without this module.

    Raises:
        RunError: `network` has no layers that Keras knows, or fewer levels.
    """
    if settings.levels > 1:
        network = _pooled_levels(network, core, settings)
    if settings.average_flips == "none":
        return network
    photos = keras.Input(settings.input_shape)
    views = [
        keras.ops.flip(photos, axis=axes) if axes else photos
        for axes in _FLIPS[settings.average_flips]
    ]
    features = layers.Average()([network(view) for view in views])
    return keras.Model(photos, features, name="flips")


def _pooled_levels(network: Any, core: Any, settings: Settings) -> Any:
    """Return the average and the maximum of each channel at the last `levels` sizes.

    The last output at each size is taken. The values are normalised for each size and kind: they
    differ by orders of magnitude.

    Raises:
        RunError: as `build`.
    """
    if not hasattr(core, "layers"):
        raise RunError(
            "levels: this base is a SavedModel whose layers Keras does not know, so that only its "
            "last output can be taken: set levels = 1."
        )
    outputs = _last_of_each_size(core)
    if len(outputs) < settings.levels:
        raise RunError(
            f"levels: {settings.base} computes at {len(outputs)} sizes: set levels = "
            f"{len(outputs)} or less."
        )
    taken = outputs[-settings.levels :]
    pooled = [layers.GlobalAveragePooling2D()(output) for output in taken]
    pooled += [layers.GlobalMaxPooling2D()(output) for output in taken]
    pooled = [
        layers.LayerNormalization(epsilon=_LEAST_VARIANCE, center=False, scale=False)(each)
        for each in pooled
    ]
    levels = keras.Model(core.input, layers.Concatenate()(pooled), name="levels")
    if core is network:
        return levels
    before = network.layers[:-1]
    return keras.Sequential([keras.Input(settings.input_shape), *before, levels], name="base")


def _last_of_each_size(core: Any) -> list[Any]:
    """Return the last output at each height and width, in the order of the layers.

    A size counts if a layer with weights computes at it. One that is smaller than a later one is on
    a side path, such as the gate of a squeeze-and-excitation block.
    """
    last: dict[tuple[int, ...], Any] = {}
    weighted: set[tuple[int, ...]] = set()
    for layer in core.layers:
        if getattr(layer.output, "ndim", 0) != 4:
            continue
        size = tuple(layer.output.shape[1:3])
        last[size] = layer.output
        if layer.weights:
            weighted = {other for other in weighted if other >= size} | {size}
    return [last[size] for size in sorted(weighted, reverse=True)]
