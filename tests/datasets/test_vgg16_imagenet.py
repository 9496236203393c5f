"""The recipe of VGG16's ImageNet base: weights out of an ONNX model."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import onnx
import pytest


def onnx_model(vgg: ModuleType, *, without: str = "") -> bytes:
    """Return an ONNX model with the recipe's tensors, all tiny and all different."""
    tensors = []
    for number, layer in enumerate(vgg.layer_names()):
        kernel = np.arange(2 * 3 * 5 * 4, dtype=np.float32).reshape(2, 3, 5, 4) + number
        bias = np.full(2, number, np.float32)
        for name, value in ((vgg.KERNEL.format(layer), kernel), (vgg.BIAS.format(layer), bias)):
            if name != without:
                tensors.append(onnx.numpy_helper.from_array(value, name))
    graph = onnx.helper.make_graph([], "graph", [], [], initializer=tensors)
    return onnx.helper.make_model(graph).SerializeToString()


@pytest.fixture
def vgg(recipe: Callable[[str], ModuleType]) -> ModuleType:
    return recipe("vgg16-imagenet")


def test_weights_from_onnx_have_the_order_and_layout_of_keras(vgg: ModuleType) -> None:
    weights = vgg.weights_from_onnx(onnx_model(vgg))
    assert len(weights) == 26
    assert weights[0].shape == (5, 4, 3, 2)
    assert weights[0][4, 3, 2, 1] == 119
    assert weights[25].tolist() == [12, 12]


def test_an_onnx_file_that_lacks_a_tensor_is_refused(vgg: ModuleType) -> None:
    missing = vgg.BIAS.format("block4_conv2")
    with pytest.raises(vgg.RecipeError, match="block4_conv2"):
        vgg.weights_from_onnx(onnx_model(vgg, without=missing))


def test_a_file_that_is_not_onnx_is_refused(vgg: ModuleType) -> None:
    with pytest.raises(vgg.RecipeError, match="not an ONNX model"):
        vgg.weights_from_onnx(b"\xff\xff not a model")
