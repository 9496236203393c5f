"""InceptionV1 (GoogLeNet), which keras.applications does not have.

Layer names and shapes are those of TF-Slim's checkpoints, the source of the published ImageNet
weights on TensorFlow Hub. Source: Szegedy et al., "Going Deeper with Convolutions", 2014.
"""

from typing import Any

import keras
from keras import layers

# Filters of each module: 1x1 | 1x1 → 3x3 | 1x1 → 3x3 (a 5x5 in the paper) | pool → 1x1.
_MODULES: dict[str, Any] = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "MaxPool_4a_3x3": 3,
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "MaxPool_5a_2x2": 2,
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}


def inceptionv1(input_shape: tuple[int, int, int]) -> Any:
    """Build the base: photos [batch, h, w, channels] → features [batch, h/32, w/32, 1024]."""
    inputs = keras.Input(input_shape)
    x = _convolution(inputs, 64, 7, "Conv2d_1a_7x7", strides=2)
    x = layers.MaxPooling2D(3, 2, padding="same", name="MaxPool_2a_3x3")(x)
    x = _convolution(x, 64, 1, "Conv2d_2b_1x1")
    x = _convolution(x, 192, 3, "Conv2d_2c_3x3")
    x = layers.MaxPooling2D(3, 2, padding="same", name="MaxPool_3a_3x3")(x)
    for name, size in _MODULES.items():
        if isinstance(size, int):
            x = layers.MaxPooling2D(size, 2, padding="same", name=name)(x)
        else:
            x = _module(x, size, name)
    return keras.Model(inputs, x, name="inceptionv1")


def _module(x: Any, filters: tuple[int, ...], name: str) -> Any:
    one, three_in, three, five_in, five, pooled = filters
    branches = [
        _convolution(x, one, 1, f"{name}/Branch_0/Conv2d_0a_1x1"),
        _convolution(
            _convolution(x, three_in, 1, f"{name}/Branch_1/Conv2d_0a_1x1"),
            three, 3, f"{name}/Branch_1/Conv2d_0b_3x3",
        ),
        _convolution(
            _convolution(x, five_in, 1, f"{name}/Branch_2/Conv2d_0a_1x1"),
            five, 3, f"{name}/Branch_2/Conv2d_0b_3x3",
        ),
        _convolution(
            layers.MaxPooling2D(3, 1, padding="same", name=f"{_flat(name)}_Branch_3_MaxPool")(x),
            pooled, 1, f"{name}/Branch_3/Conv2d_0b_1x1",
        ),
    ]  # fmt: skip
    return layers.Concatenate(name=_flat(name))(branches)


def _convolution(x: Any, filters: int, kernel: int, name: str, strides: int = 1) -> Any:
    """Apply TF-Slim's block: a convolution, normalisation without a scale, ReLU."""
    x = layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, name=_flat(name)
    )(x)
    x = layers.BatchNormalization(scale=False, epsilon=0.001, name=_flat(f"{name}/BatchNorm"))(x)
    return layers.ReLU(name=_flat(f"{name}/Relu"))(x)


def _flat(name: str) -> str:
    """Replace the slashes, which Keras does not allow in layer names."""
    return name.replace("/", "_")
