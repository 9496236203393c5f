"""A SavedModel as a frozen Keras layer that saves the SavedModel's files with it."""

import io
import shutil
import tempfile
import weakref
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel.session import RunError

_FILES = "saved_model"  # the name under which Keras stores the files


@keras.saving.register_keras_serializable("kitctl")
class SavedModelBase(keras.layers.Layer):
    """The `serving_default` signature of a SavedModel folder.

    Unlike Keras' TFSMLayer it returns the only output itself, is not trainable, and saves the
    SavedModel's files where Keras saves weights, so that an archive (`.keras`) or a file of weights
    (`.weights.h5`) needs nothing else. To load one, import `kernel.model.saved_base` first.
    """

    def __init__(
        self,
        folder: str | Path | None,
        photo_shape: Any,
        feature_shape: Any = None,
        **options: Any,
    ) -> None:
        """Load the SavedModel in `folder`.

        Without a folder, `feature_shape` is needed, and the SavedModel comes with the weights.

        Raises:
            RunError: when it was saved for photos of another shape.
        """
        super().__init__(**{**options, "trainable": False})
        self.photo_shape = tuple(photo_shape)
        self.feature_shape = tuple(feature_shape or ())
        if folder is not None:
            self._load(Path(folder))
            self._require_shape(Path(folder).name)
            self.feature_shape = tuple(self.call(tf.zeros((1, *self.photo_shape))).shape[1:])

    def call(self, images: Any) -> Any:
        """Photos [batch, height, width, channels] → the only output of the signature."""
        return self._signature(**{self._argument: images})[self._output]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the features of a batch of photos."""
        return (input_shape[0], *self.feature_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration without the folder, whose files are saved with the weights."""
        shapes = {"photo_shape": self.photo_shape, "feature_shape": self.feature_shape}
        return {**super().get_config(), "folder": None, **shapes}

    def save_own_variables(self, store: Any) -> None:
        """Store the SavedModel's files as one array of bytes."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted(p for p in Path(self.folder).rglob("*") if p.is_file()):
                # Without the time of the file: the same SavedModel gives the same bytes.
                entry = zipfile.ZipInfo(path.relative_to(self.folder).as_posix())
                archive.writestr(entry, path.read_bytes())
        store[_FILES] = np.frombuffer(packed.getvalue(), dtype=np.uint8)

    def load_own_variables(self, store: Any) -> None:
        """Unpack the SavedModel's files for the lifetime of this layer, and load them."""
        folder = tempfile.mkdtemp(prefix="saved-base-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        with zipfile.ZipFile(io.BytesIO(np.asarray(store[_FILES]).tobytes())) as archive:
            archive.extractall(folder)
        self._load(Path(folder))

    def _require_shape(self, name: str) -> None:
        saved_for = photo_shape(self._signature, self._argument)
        if all(a in (None, b) for a, b in zip(saved_for, self.photo_shape, strict=True)):
            return
        raise RunError(
            f"{name} was saved for photos of {' x '.join(map(str, saved_for))}, not of "
            f"{' x '.join(map(str, self.photo_shape))} (height, width, channels): set image_size "
            f"= {list(saved_for[:2])}, and color_mode = 'rgb' for 3 channels."
        )

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


def photo_shape(signature: Any, argument: str) -> tuple[int | None, int | None, int | None]:
    """Return height, width and channels of the photos that a signature takes; None for any."""
    shape = signature.structured_input_signature[1][argument].shape
    return tuple(shape.as_list()[1:]) if shape.rank == 4 else (None, None, None)
