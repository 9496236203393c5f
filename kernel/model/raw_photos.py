"""The model that leaves a run: photos of 0…255 in any size → probabilities."""

from typing import Any

import keras
from keras import layers

from kernel.settings.settings import Settings

CORE = "classifier"  # the layer that was trained, on photos of one size in 0…1
# What Keras' Resizing can do, in all releases that load the model.
_RESIZING = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def photo_model(core: Any, settings: Settings) -> Any:
    """Return a model that resizes and scales photos as the run did, then calls `core`.

    It takes float32 [batch, height, width, channels] in 0…255. Height and width are free where
    Keras has a layer for the interpolation of the settings, else those of `image_size`. All layers
    before `core` are Keras' own, and `core` is `model.get_layer(CORE)`.
    """
    height, width = settings.image_size
    resizes = settings.interpolation in _RESIZING
    size = (None, None) if resizes else settings.image_size
    photos = x = keras.Input((*size, settings.channels), name="photos")
    if resizes:
        resizing = layers.Resizing(
            height,
            width,
            interpolation=settings.interpolation,
            crop_to_aspect_ratio=settings.crop_to_aspect_ratio,
            data_format="channels_last",
            name="resizing",
        )
        # Without this Keras stores training=True, and a loaded model passes it on to all layers.
        x = resizing(x, training=False)
    x = layers.Rescaling(1 / 255, name="rescaling")(x)
    # A cubic filter overshoots; the run clips its pixels too.
    x = layers.ReLU(max_value=1.0, name="clipping")(x)
    return keras.Model(photos, core(x), name="photo_classifier")
