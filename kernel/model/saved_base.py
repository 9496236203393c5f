"""A SavedModel as a frozen Keras layer that carries its own files."""

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kernel.session import RunError


@keras.saving.register_keras_serializable("kitctl")
class SavedModelBase(keras.layers.Layer):
    """The `serving_default` signature of a SavedModel folder.

    Unlike Keras' TFSMLayer it gives the sole output itself, is not trainable, and puts the
    SavedModel's files into the `.keras` archive, so that the archive needs nothing else. It is
    a class of this project: load the archive where `kernel.model.saved_base` is imported.
    """

    def __init__(
        self,
        folder: str | Path | None,
        photo_shape: Any,
        feature_shape: Any = None,
        **options: Any,
    ) -> None:
        """Without a `folder` the layer waits for `load_assets`; `feature_shape` must be given."""
        super().__init__(**{**options, "trainable": False})
        self.photo_shape = tuple(photo_shape)
        self.feature_shape = tuple(feature_shape or ())
        if folder is not None:
            self._take(Path(folder))
            self.feature_shape = tuple(self.call(tf.zeros((1, *self.photo_shape))).shape[1:])

    def call(self, images: Any) -> Any:
        """Photos [batch, h, w, c] → the signature's sole output."""
        return self._signature(**{self._argument: images})[self._output]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the features of a batch of photos."""
        return (input_shape[0], *self.feature_shape)

    def get_config(self) -> dict[str, Any]:
        """The folder is left out: its files travel as assets."""
        shapes = {"photo_shape": self.photo_shape, "feature_shape": self.feature_shape}
        return {**super().get_config(), "folder": None, **shapes}

    def save_assets(self, inner_path: str) -> None:
        """Put the SavedModel's files into the archive."""
        shutil.copytree(self.folder, Path(inner_path) / "saved_model")

    def load_assets(self, inner_path: str) -> None:
        """Take the SavedModel's files out of the archive, for as long as this layer lives."""
        kept = tempfile.mkdtemp(prefix="saved-base-")
        weakref.finalize(self, shutil.rmtree, kept, ignore_errors=True)
        shutil.copytree(Path(inner_path) / "saved_model", kept, dirs_exist_ok=True)
        self._take(Path(kept))

    def _take(self, folder: Path) -> None:
        self.folder = str(folder)
        # The module stays referenced: its variables die with it.
        self._module = tf.saved_model.load(self.folder)
        self._signature, self._argument, self._output = only_signature(self._module, self.folder)


def only_signature(module: Any, words: str) -> tuple[Any, str, str]:
    """The serving signature with the names of its one input and one output."""
    signature = module.signatures.get("serving_default")
    if signature is None:
        raise RunError(f"{words} has no serving_default signature, so it cannot be a base.")
    arguments = list(signature.structured_input_signature[1])
    outputs = list(signature.structured_outputs)
    if len(arguments) != 1 or len(outputs) != 1:
        raise RunError(
            f"{words} has {len(arguments)} inputs and {len(outputs)} outputs; a base has one each."
        )
    return signature, arguments[0], outputs[0]
