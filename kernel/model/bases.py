"""Convolutional bases by name: photos in 0…1 → features."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from kernel.model import base_weights, inception
from kernel.model.saved_base import SavedModelBase
from kernel.session import RunError
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class Base:
    """A feature extractor as one Keras layer.

    `digest` identifies its weights, `source` says where they come from. `replica()` makes the
    same base again, for another device or another precision.
    """

    layer: Any
    digest: str
    source: str
    replica: Callable[[], Any]

    @property
    def is_opaque(self) -> bool:
        """Whether it is a SavedModel whose inside Keras does not know."""
        return isinstance(self.layer, SavedModelBase)


def build(settings: Settings) -> Base:
    """The base of these settings with its weights; raises `RunError` when they cannot be had."""
    source = base_weights.find(settings)
    if source.kind == "saved_model":
        return _from_saved_model(settings, source)
    layer = architecture(settings)
    drawn = random.getstate()
    base_weights.load(core(layer), source)
    # Keras draws the head's seeds from `random` next: where weights came from must not matter.
    random.setstate(drawn)
    layer.trainable = not settings.base_is_frozen
    return Base(layer, _digest(layer), source.words, lambda: _copy(settings, layer))


def architecture(settings: Settings) -> Any:
    """The base with fresh weights, its preprocessing in front of it if it has one."""
    built = ARCHITECTURES[settings.base](settings)
    before = preprocessing(settings)
    if not before:
        return built
    return keras.Sequential([keras.Input(settings.input_shape), *before, built], name="base")


def preprocessing(settings: Settings) -> list[Any]:
    """Layers that turn 0…1 into what the base's weights were trained on.

    "auto" leaves 0…1 for the course's own bases, as the course does.
    """
    if settings.preprocessing == "unit":
        return []
    if settings.base == "mobilenetv2":
        return [layers.Rescaling(2.0, offset=-1.0)]
    if settings.base == "efficientnetv2b0":
        return [layers.Rescaling(255.0)]
    if settings.preprocessing == "base" and settings.base == "inceptionv1":
        return [layers.Rescaling(2.0, offset=-1.0)]
    if settings.preprocessing == "base" and settings.base == "vgg16":
        return [CaffeScaling()]
    return []


def core(layer: Any) -> Any:
    """The part of a base that holds its weights."""
    return layer.layers[-1] if layer.name == "base" else layer


@keras.saving.register_keras_serializable("kitctl")
class CaffeScaling(layers.Layer):
    """0…1 in RGB → ImageNet-centred 0…255 in BGR, as VGG16's authors trained it."""

    def call(self, images: Any) -> Any:
        """Images [batch, height, width, 3]."""
        return keras.ops.flip(images * 255.0 - np.array([123.68, 116.779, 103.939], "float32"), -1)


def convnet(settings: Settings) -> Any:
    """A small network of equal blocks, to be trained from scratch.

    The first block halves the photo at once, so that later blocks are cheap.
    """
    inputs = x = keras.Input(settings.input_shape)
    for index, filters in enumerate(settings.filters):
        x = convolution_block(x, filters, kernel=5 if index == 0 else 3)
        if settings.convnet_dropout:
            x = layers.SpatialDropout2D(settings.convnet_dropout)(x)
    return keras.Model(inputs, x, name="convnet")


def convolution_block(x: Any, filters: int, kernel: int = 3) -> Any:
    """Convolution that halves height and width, normalisation, ReLU.

    The moving statistics follow closely: a batch has thousands of places to average over, and
    with so few batches an epoch a slower average belongs to weights that are long gone.
    """
    x = layers.Conv2D(filters, kernel, strides=2, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.5)(x))


def _vgg16(settings: Settings) -> Any:
    return keras.applications.VGG16(
        weights=None, include_top=False, input_shape=settings.input_shape
    )


def _mobilenetv2(settings: Settings) -> Any:
    return keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=settings.input_shape
    )


def _efficientnetv2b0(settings: Settings) -> Any:
    return keras.applications.EfficientNetV2B0(
        weights=None,
        include_top=False,
        input_shape=settings.input_shape,
        include_preprocessing=settings.preprocessing != "unit",
    )


def _inceptionv1(settings: Settings) -> Any:
    return inception.inceptionv1(settings.input_shape)


ARCHITECTURES: dict[str, Callable[[Settings], Any]] = {
    "convnet": convnet,
    "vgg16": _vgg16,
    "inceptionv1": _inceptionv1,
    "mobilenetv2": _mobilenetv2,
    "efficientnetv2b0": _efficientnetv2b0,
}


def _from_saved_model(settings: Settings, source: base_weights.WeightsSource) -> Base:
    """A SavedModel's weights in Keras' own architecture if they fit exactly, else it as it is."""
    layer = architecture(settings)
    if base_weights.move_saved_model(source.path, core(layer)):
        layer.trainable = not settings.base_is_frozen
        return Base(layer, _digest(layer), source.words, lambda: _copy(settings, layer))
    if not settings.base_is_frozen or settings.fine_tune_epochs:
        raise RunError(
            f"{source.words} is a SavedModel that Keras cannot take apart: it can be used as it "
            f"is, but not trained. Set base_trainable = 'auto' and fine_tune_epochs = 0."
        )
    return Base(
        SavedModelBase(source.path, settings.input_shape, name=settings.base),
        base_weights.folder_digest(source.path),
        source.words,
        lambda: SavedModelBase(source.path, settings.input_shape, name=settings.base),
    )


def _copy(settings: Settings, layer: Any) -> Any:
    copy = architecture(settings)
    copy.set_weights(layer.get_weights())
    copy.trainable = False
    return copy


def _digest(layer: Any) -> str:
    """Identity of all weights, in their order."""
    state = hashlib.sha256()
    for weights in layer.get_weights():
        state.update(f"{weights.dtype}{weights.shape}".encode())
        state.update(np.ascontiguousarray(weights).tobytes())
    return state.hexdigest()
