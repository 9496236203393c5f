"""Ask a run's model about photos, in a process that has no network and sees no other file.

It reads `request.json` and writes `answers.jsonl`: a line for each photo, and one line for the form
of the model that was loaded. It needs TensorFlow, and nothing of kitctl or of the job.
"""

import gc
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

BATCH_BYTES = 256 << 20
LARGEST_PIXELS = 100_000_000
PILLOW_STARTS = (b"RIFF", b"II*\0", b"MM\0*", b"BM")  # WebP, TIFF and BMP
UNUSED = ("sklearn", "pandas", "matplotlib", "IPython")
FORMS = ("model.keras", "model.weights.h5", "saved_model")

Predict = Callable[[Any], Any]


def main() -> int:
    """Answer the request; return 3 where no form of the model can be loaded."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    # Keras imports them where they are installed, which takes as long as half of TensorFlow.
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]
    # The first imports make a million objects that stay; looking for garbage takes a second.
    gc.disable()
    request = json.loads(_input("request").joinpath("request.json").read_text("utf-8"))
    folder, spec = _input("model"), request["model"]
    form, predict = load(folder, spec)
    gc.enable()
    if predict is None:
        print(f"error: {form}", file=sys.stderr)
        return 3
    with Path("answers.jsonl").open("w", encoding="utf-8") as out:
        print(json.dumps({"form": form}), file=out)
        photos = (_read(entry, spec) for entry in request["photos"])
        for size, group in groupby(photos, lambda photo: photo[1]):
            for batch in _batches(group, size):
                for answer in _answer(batch, predict):
                    print(json.dumps(answer), file=out, flush=True)
                    print("predicted", flush=True)
    return 0


def load(folder: Path, spec: dict[str, Any]) -> tuple[str, Predict | None]:
    """Return the first form of the model that can be loaded, or why none can."""
    reasons = []
    for form in FORMS:
        if not (folder / form).exists():
            continue
        try:
            return form, _LOADERS[form](folder, spec)
        except Exception as error:
            reasons.append(f"{form}: {type(error).__name__}: {str(error).strip()[:300]}")
    return "; ".join(reasons).replace("\n", " ") or "there is no model", None


def _archive(folder: Path, spec: dict[str, Any]) -> Predict:
    import keras

    # safe_mode refuses layers that hold Python code.
    return _traced(
        keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True), spec
    )


def _weights(folder: Path, spec: dict[str, Any]) -> Predict:
    import keras

    config = json.loads((folder / "model.json").read_text("utf-8"))
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    model.load_weights(folder / "model.weights.h5")
    return _traced(model, spec)


def _saved_model(folder: Path, spec: dict[str, Any]) -> Predict:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder / "saved_model"))
    return lambda photos: loaded.serve(tf.constant(photos))


_LOADERS: dict[str, Callable[[Path, dict[str, Any]], Predict]] = {
    "model.keras": _archive,
    "model.weights.h5": _weights,
    "saved_model": _saved_model,
}


def _traced(model: Any, spec: dict[str, Any]) -> Predict:
    """Return the model as one function for photos of all sizes: it is traced only once."""
    import tensorflow as tf

    shape = [None, *model.input_shape[1:]]
    function = tf.function(
        lambda photos: model(photos, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32)],
    )
    return lambda photos: function(tf.constant(photos))


def _read(entry: dict[str, str], spec: dict[str, Any]) -> tuple[dict[str, str], Any, Any]:
    """Return a photo's entry, its size, and its pixels as the model takes them, or the reason."""
    path = _inputs().joinpath("photos", *entry["file"].split("/"))
    try:
        _require_photo(path)
        pixels = (
            _prepared(_decoded(path.read_bytes(), spec["channels"]), spec).numpy().astype("float32")
        )
    except OSError as error:
        return entry, None, error.strerror or str(error)
    except Exception as error:
        return entry, None, _first_sentence(error)
    return entry, pixels.shape, pixels


def _decoded(contents: bytes, channels: int) -> Any:
    """Return the pixels of a photo; WebP, TIFF and BMP by Pillow, as in the run."""
    import tensorflow as tf

    if not contents.startswith(PILLOW_STARTS):
        return tf.image.decode_image(contents, channels=channels, expand_animations=False)
    import numpy as np
    from PIL import Image

    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    with Image.open(io.BytesIO(contents)) as picture:
        if picture.mode.startswith("I;16"):
            eight_bits = (np.asarray(picture) >> 8).astype(np.uint8)
            pixels = np.asarray(Image.fromarray(eight_bits).convert(mode), np.uint8)
        else:
            pixels = np.asarray(picture.convert(mode), np.uint8)
    return tf.constant(pixels.reshape(*pixels.shape[:2], channels))


def _require_photo(path: Path) -> None:
    """Raise ValueError for what decoding would take too long, or would not understand."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            width, height = image.size
    except Image.DecompressionBombError:
        width = height = LARGEST_PIXELS
    except UnidentifiedImageError:
        raise ValueError("is no picture") from None
    if width * height > LARGEST_PIXELS:
        raise ValueError(f"has more than {LARGEST_PIXELS // 1_000_000} megapixels")


def _prepared(photo: Any, spec: dict[str, Any]) -> Any:
    """Resize and scale as the run did, as far as the model does not do that itself."""
    import keras
    import tensorflow as tf

    if spec["resize_to"]:
        if spec["crop"]:
            photo = keras.preprocessing.image.smart_resize(
                photo, spec["resize_to"], interpolation=spec["interpolation"],
                data_format="channels_last",
            )  # fmt: skip
        else:
            photo = tf.image.resize(photo, spec["resize_to"], method=spec["interpolation"])
    photo = tf.cast(photo, tf.float32)
    return tf.clip_by_value(photo / 255.0, 0.0, 1.0) if spec["scale"] else photo


def _batches(group: Iterator[Any], size: Any) -> Iterator[list[Any]]:
    """Yield photos of one size, not more at once than memory takes."""
    import numpy as np

    most = 32 if size is None else max(1, min(32, BATCH_BYTES // int(4 * np.prod(size))))
    batch = []
    for photo in group:
        batch.append(photo)
        if len(batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch


def _answer(batch: list[Any], predict: Predict) -> Iterator[dict[str, Any]]:
    """Yield path and probabilities of each photo, or the reason why there are none."""
    import numpy as np

    if batch[0][1] is None:
        for entry, _, reason in batch:
            yield {"path": entry["path"], "reason": reason}
        return
    try:
        outputs = np.asarray(predict(np.stack([pixels for _, _, pixels in batch])))
    except Exception as error:
        for entry, _, _ in batch:
            yield {"path": entry["path"], "reason": _first_sentence(error)}
        return
    for (entry, _, _), row in zip(batch, outputs.reshape(len(batch), -1), strict=True):
        yield {"path": entry["path"], "outputs": [float(value) for value in row]}


def _first_sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def _input(name: str) -> Path:
    return _inputs() / "kitctl" / name


def _inputs() -> Path:
    """Return the folder of the inputs; where there is no isolation it is beside the script's."""
    kaggle = Path("/kaggle/input/datasets")
    return kaggle if kaggle.is_dir() else Path.cwd().parent / "input" / "datasets"


if __name__ == "__main__":
    sys.exit(main())
