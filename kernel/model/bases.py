"""Convolutional bases by name: photos in 0…1 → features."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from kernel.model import base_features, base_weights, inception
from kernel.model.saved_base import SavedModelBase
from kernel.session import RunError
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class Base:
    """A feature extractor as one Keras layer.

    `digest` identifies its weights, `source` says where they come from. `replica()` returns a
    copy of the base, for another device or another precision. `part` is the name of the layer at
    which it ends, if that is not its last one. `network` is what `layer` makes the features with,
    for pictures of its layers' outputs.
    """

    layer: Any
    digest: str
    source: str
    replica: Callable[[], Any]
    network: Any
    part: str = ""


def build(settings: Settings) -> Base:
    """Build the base of these settings with its weights.

    Raises:
        RunError: when there are no weights, or they do not fit.
    """
    source = base_weights.find(settings)
    if source.kind == "saved_model":
        return _from_saved_model(settings, source)
    layer = architecture(settings)
    state = random.getstate()
    base_weights.load(core(layer), source)
    # Keras draws the head's seeds from `random` next: the source of the weights must not matter.
    random.setstate(state)
    return _base(layer, settings, source.description)


def _base(network: Any, settings: Settings, source: str) -> Base:
    network.trainable = not settings.base_is_frozen
    return Base(
        _features(network, settings),
        _digest(network),
        source,
        lambda: _features(_copy(settings, network), settings),
        network,
    )


def _features(network: Any, settings: Settings) -> Any:
    return base_features.build(network, core(network), settings)


def architecture(settings: Settings) -> Any:
    """Build the base with random weights, after its preprocessing if it has one."""
    built = ARCHITECTURES[settings.base](settings)
    before = preprocessing(settings)
    if not before:
        return built
    return keras.Sequential([keras.Input(settings.input_shape), *before, built], name="base")


def preprocessing(settings: Settings) -> list[Any]:
    """Return the layers that convert 0…1 to the range on which the base was trained.

    "auto" leaves 0…1 for vgg16 and inceptionv1, as the course does.
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
        return [_caffe_scaling(settings.input_shape)]
    return []


def core(layer: Any) -> Any:
    """Return the part of a base that holds its weights."""
    return layer.layers[-1] if layer.name == "base" else layer


def _caffe_scaling(shape: tuple[int, int, int]) -> Any:
    """Build 0…1 in RGB → 0…255 in BGR, centred on ImageNet's mean, as VGG16 was trained.

    Made of Keras' own layers and operations only, so that a saved model loads without this module.
    """
    photos = keras.Input(shape)
    centred = layers.Rescaling(255.0, offset=[-103.939, -116.779, -123.68])
    return keras.Model(photos, centred(keras.ops.flip(photos, axis=-1)), name="caffe_scaling")


def convnet(settings: Settings) -> Any:
    """Build a small network of convolution blocks, to be trained from scratch."""
    inputs = x = keras.Input(settings.input_shape)
    for index, filters in enumerate(settings.filters):
        x = convolution_block(x, filters, kernel=5 if index == 0 else 3)
        if settings.convnet_dropout:
            x = layers.SpatialDropout2D(settings.convnet_dropout)(x)
    return keras.Model(inputs, x, name="convnet")


def convolution_block(x: Any, filters: int, kernel: int = 3) -> Any:
    """Apply a convolution that halves height and width, normalisation and ReLU.

    The moving statistics have a short memory: a batch has thousands of positions to average over,
    and with few batches in an epoch a slow average would belong to weights of long ago.
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
    """Load a SavedModel's weights into Keras' architecture; if they do not fit, use it as it is."""
    layer = architecture(settings)

    def for_shape(shape: tuple[int, ...]) -> Any:
        return core(architecture(settings.changed(image_size=shape[:2])))

    if base_weights.move_saved_model(source.path, core(layer), for_shape):
        return _base(layer, settings, source.description)
    if problem := _impossible_as_it_is(settings):
        raise RunError(
            f"{source.description} is a SavedModel that Keras cannot take apart: it can be used "
            f"as it is, but {problem}."
        )

    def opaque() -> Any:
        return SavedModelBase(source.path, settings.input_shape, name=settings.base)

    network = opaque()
    return Base(
        _features(network, settings),
        base_weights.folder_digest(source.path),
        source.description,
        lambda: _features(opaque(), settings),
        network,
    )


def _impossible_as_it_is(settings: Settings) -> str:
    """Return which setting does not fit a SavedModel that is used as it is, and what does."""
    if not settings.base_is_frozen or settings.fine_tune_epochs:
        return "not trained: set base_trainable = 'auto' and fine_tune_epochs = 0"
    if settings.compute_dtype != "float32":
        return "only in the type in which it was saved: set compute_dtype = 'float32'"
    if preprocessing(settings):
        return (
            f"the range of its photos is not known, so that preprocessing = "
            f"{settings.preprocessing!r} cannot be applied: set preprocessing = 'unit' (0 to 1)"
        )
    return ""


def _copy(settings: Settings, layer: Any) -> Any:
    copy = architecture(settings)
    copy.set_weights(layer.get_weights())
    copy.trainable = False
    return copy


def _digest(layer: Any) -> str:
    """Return a digest of all weights, in their order."""
    state = hashlib.sha256()
    for weights in layer.get_weights():
        state.update(f"{weights.dtype}{weights.shape}".encode())
        state.update(np.ascontiguousarray(weights).tobytes())
    return state.hexdigest()
