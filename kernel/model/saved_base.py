"""A SavedModel as a frozen Keras layer that saves the SavedModel's files with it."""

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

    Unlike Keras' TFSMLayer it returns the only output itself, is not trainable, and saves the
    SavedModel's files in the `.keras` archive, so that the archive needs nothing else. To load
    such an archive, import `kernel.model.saved_base` first.
    """

    def __init__(
        self,
        folder: str | Path | None,
        photo_shape: Any,
        feature_shape: Any = None,
        **options: Any,
    ) -> None:
        """Load the SavedModel in `folder`.

        Without a folder, `feature_shape` is needed, and `load_assets` loads the SavedModel.
        """
        super().__init__(**{**options, "trainable": False})
        self.photo_shape = tuple(photo_shape)
        self.feature_shape = tuple(feature_shape or ())
        if folder is not None:
            self._load(Path(folder))
            self.feature_shape = tuple(self.call(tf.zeros((1, *self.photo_shape))).shape[1:])

    def call(self, images: Any) -> Any:
        """Photos [batch, height, width, channels] → the only output of the signature."""
        return self._signature(**{self._argument: images})[self._output]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the features of a batch of photos."""
        return (input_shape[0], *self.feature_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration without the folder, whose files are saved as assets."""
        shapes = {"photo_shape": self.photo_shape, "feature_shape": self.feature_shape}
        return {**super().get_config(), "folder": None, **shapes}

    def save_assets(self, inner_path: str) -> None:
        """Copy the SavedModel's files into the archive."""
        shutil.copytree(self.folder, Path(inner_path) / "saved_model")

    def load_assets(self, inner_path: str) -> None:
        """Copy the SavedModel's files out of the archive, for the lifetime of this layer."""
        folder = tempfile.mkdtemp(prefix="saved-base-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(Path(inner_path) / "saved_model", folder, dirs_exist_ok=True)
        self._load(Path(folder))

    def _load(self, folder: Path) -> None:
        self.folder = str(folder)
        # The module must stay referenced, because its variables are deleted with it.
        self._module = tf.saved_model.load(self.folder)
        self._signature, self._argument, self._output = only_signature(self._module, self.folder)


def only_signature(module: Any, description: str) -> tuple[Any, str, str]:
    """Return the serving signature with the names of its only input and its only output.

    Raises:
        RunError: when there is no such signature, or more of them; `description` names the model.
    """
    signature = module.signatures.get("serving_default")
    if signature is None:
        raise RunError(f"{description} has no serving_default signature, so it cannot be a base.")
    arguments = list(signature.structured_input_signature[1])
    outputs = list(signature.structured_outputs)
    if len(arguments) != 1 or len(outputs) != 1:
        raise RunError(
            f"{description} has {len(arguments)} inputs and {len(outputs)} outputs; a base has one "
            f"of each."
        )
    return signature, arguments[0], outputs[0]
