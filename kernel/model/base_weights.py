"""Find the weights of a base and load them into its architecture."""

import hashlib
import os
import re
import socket
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kernel import session
from kernel.session import RunError
from kernel.settings.settings import Settings

_DEPTH = 4  # levels of folders that are searched
_DOWNLOAD_TIMEOUT = 30.0  # seconds without any data
_ALIASES = {
    "vgg16": ("vgg16",),
    "inceptionv1": ("inceptionv1", "inception_v1", "inception-v1", "googlenet"),
    "mobilenetv2": ("mobilenetv2", "mobilenet_v2", "mobilenet-v2"),
    "efficientnetv2b0": ("efficientnetv2b0", "efficientnetv2-b0", "efficientnet_v2_b0"),
    "convnet": ("convnet",),
}
_IN_KERAS = {"vgg16": "VGG16", "mobilenetv2": "MobileNetV2", "efficientnetv2b0": "EfficientNetV2B0"}
_WEIGHT_FILES = (".weights.h5", ".h5", ".keras")


@dataclass(frozen=True)
class WeightsSource:
    """A place that holds weights, described for people.

    `path` is a SavedModel's folder or a file, or the name of the class in `keras.applications`.
    """

    kind: Literal["random", "saved_model", "file", "keras"]
    description: str
    path: Path = Path()


def find(settings: Settings) -> WeightsSource:
    """Find the weights that the settings ask for.

    Raises:
        RunError: when there are none; it says what to attach.
    """
    name = settings.base_weights
    if name == "random" or (name == "auto" and settings.base == "convnet"):
        return WeightsSource("random", "random weights")
    if name == "imagenet":
        return _from_keras(settings)
    if name != "auto":
        return _by_name(name, settings)
    for folder in session.attached_folders():
        if folder != session.first_folder(settings.data):
            for path in _candidates(folder, settings.base):
                return _source(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    return _from_keras(settings)


def load(model: Any, source: WeightsSource) -> None:
    """Load the weights into the architecture `model`, which has random ones.

    Raises:
        RunError: when they do not fit or cannot be downloaded.
    """
    if source.kind == "keras":
        _download(model, source)
    elif source.kind == "file":
        _load_file(model, source.path)


def move_saved_model(folder: Path, model: Any, build: Callable[[tuple[int, ...]], Any]) -> bool:
    """Copy the variables of a SavedModel into `model` if names, shapes and outputs agree.

    `build` returns the same architecture for photos of another shape: the outputs are compared on
    photos of the shape for which the SavedModel was saved. Returns False when the SavedModel is
    another architecture or computes something else; then the weights of `model` are useless.
    """
    import numpy as np
    import tensorflow as tf

    from kernel.model.saved_base import only_signature, photo_shape

    loaded = tf.saved_model.load(str(folder))
    values = _values_for(model, list(getattr(loaded, "variables", ())))
    if values is None:
        return False
    model.set_weights(values)
    signature, argument, output = only_signature(loaded, str(folder))
    sizes = zip(photo_shape(signature, argument), model.input_shape[1:], strict=True)
    shape = tuple(saved or own for saved, own in sizes)
    probed = model if shape == model.input_shape[1:] else build(shape)
    probed.set_weights(values)
    probe = np.random.RandomState(0).rand(2, *shape).astype("float32")
    theirs = signature(**{argument: tf.constant(probe)})[output].numpy()
    ours = probed(probe, training=False).numpy()
    return theirs.shape == ours.shape and np.allclose(theirs, ours, rtol=1e-3, atol=1e-4)


def folder_digest(folder: Path) -> str:
    """Return a digest of all files of a folder."""
    state = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        state.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as content:
            state.update(hashlib.file_digest(content, "sha256").digest())
    return state.hexdigest()


def _values_for(model: Any, variables: list[Any]) -> list[Any] | None:
    """Return the variables' values in the order of `model`'s weights, or None if they do not fit.

    Variables of Keras' own SavedModels end in the layer's name: `…/block1_conv1/kernel:0`.
    """
    ours = [_key(weight.path) for weight in model.weights]
    theirs = {_key(variable.name): variable for variable in variables}
    if len(theirs) != len(variables) or set(ours) - set(theirs):
        return None
    matching = [theirs[key] for key in ours]
    if any(tuple(a.shape) != tuple(b.shape) for a, b in zip(matching, model.weights, strict=True)):
        return None
    return [variable.numpy() for variable in matching]


def _key(name: str) -> str:
    """Shorten `…/block1_conv1/kernel:0` to `block1_conv1/kernel`; translate TF-Slim's names."""
    name = name.partition(":")[0]
    slim = re.search(r"(?:Conv2d_\d\w_\dx\d|Mixed_\d\w/Branch_\d/Conv2d_0\w_\dx\d)(?=/)", name)
    if slim:
        rest = name[slim.end() :].replace("/BatchNorm/", "_BatchNorm/").replace("weights", "kernel")
        return slim.group().replace("/", "_") + rest
    return "/".join(name.split("/")[-2:])


def _by_name(name: str, settings: Settings) -> WeightsSource:
    """Find weights by a path, or in an attached source: owner/slug, or owner/slug/path."""
    if Path(name).exists():
        return _below(Path(name), name, settings)
    parts = name.split("/")
    for count in (2, 5):  # a data set or kernel, a model
        inner = "/".join(parts[count:])
        for folder in session.source_folders("/".join(parts[:count])):
            for root in (folder, session.unnested(folder)):
                if (root / inner).exists():
                    return _below(root / inner, name, settings)
    raise RunError(
        f"base_weights = {name!r} is neither a path nor attached (attached: "
        f"{session.attached_names()}). Attach it as a dataset_source, or use "
        f"'auto', 'imagenet' or 'random'."
    )


def _below(path: Path, description: str, settings: Settings) -> WeightsSource:
    if path.is_file() or (path / "saved_model.pb").exists():
        return _source(path, description)
    for candidate in _candidates(path, settings.base):
        return _source(candidate, f"{description}/{candidate.relative_to(path).as_posix()}")
    raise RunError(f"{description} holds no SavedModel and no .weights.h5 for {settings.base}.")


def _source(path: Path, description: str) -> WeightsSource:
    return WeightsSource("saved_model" if path.is_dir() else "file", description, path)


def _candidates(folder: Path, base: str) -> Iterator[Path]:
    """Yield the SavedModel folders and weight files below `folder` that have the base's name."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders.sort()
        if "saved_model.pb" in files:
            folders.clear()
            if _is_named(here.relative_to(folder.parent).as_posix(), base):
                yield here
        elif len(here.relative_to(folder).parts) >= _DEPTH:
            folders.clear()
        for name in sorted(files):
            if name.lower().endswith(_WEIGHT_FILES) and _is_named(name, base):
                yield here / name


def _is_named(name: str, base: str) -> bool:
    return any(alias in name.lower() for alias in _ALIASES[base])


def _from_keras(settings: Settings) -> WeightsSource:
    if settings.base in _IN_KERAS:
        return WeightsSource("keras", "Keras' ImageNet weights", Path(_IN_KERAS[settings.base]))
    raise RunError(_missing(settings.base))


def _missing(base: str) -> str:
    attach = (
        "attach ryanholbrook/cv-course-models as a dataset_source (it holds SavedModels of vgg16 "
        "and inceptionv1)"
        if base in ("vgg16", "inceptionv1")
        else "attach a data set with its .weights.h5"
    )
    internet = ", turn on enable_internet for Keras' own download," if base in _IN_KERAS else ","
    return (
        f"there are no weights for {base}: {attach}{internet} or name a folder or file with "
        f"base_weights (attached: {session.attached_names()})."
    )


def _download(model: Any, source: WeightsSource) -> None:
    """Load Keras' published ImageNet weights, from its cache or its server."""
    import keras

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT)
    try:
        published = getattr(keras.applications, source.path.name)(
            weights="imagenet", include_top=False, input_shape=model.input_shape[1:]
        )
    except Exception as error:  # Keras raises a bare Exception for every failure of its download
        base = next(
            name for name, keras_name in _IN_KERAS.items() if keras_name == source.path.name
        )
        reason = str(error).splitlines()[0]
        raise RunError(f"{_missing(base)} Keras' download failed: {reason}") from None
    finally:
        socket.setdefaulttimeout(before)
    model.set_weights(published.get_weights())


def _load_file(model: Any, path: Path) -> None:
    """Load a `.weights.h5` or `.keras` file of the same architecture."""
    import keras

    try:
        with warnings.catch_warnings():
            # For weights without a place Keras only warns, and goes on with random ones.
            warnings.simplefilter("error", UserWarning)
            if path.suffix == ".keras":
                model.set_weights(keras.saving.load_model(path, compile=False).get_weights())
            else:
                model.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError, UserWarning) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            f"{path.name} does not fit {model.name} (include_top=False): {reason}"
        ) from None
