"""Reference predictions, with which a model that was loaded again is compared."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernel.data import pipelines
from kernel.data.decoding import Decoder
from kernel.data.photos import Photos
from kernel.files import atomic_write
from kernel.report.artifacts import write_json
from kernel.settings.settings import Settings

FILE, PHOTOS_FILE = "check.json", "check_photos.npz"
PHOTOS = 8  # of the validation photos, stored with the run's own predictions
_NOISE_PHOTOS = 4
_MOST_PIXELS = 16_000_000  # of a photo that the model is given in its own size
# What the run itself predicted, on features of this type, against the model in float32.
_TOLERANCES = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}


def write(model: Any, settings: Settings, tolerance: float) -> None:
    """Write check.json: what the model predicts for photos that any machine can make again.

    A loaded model is correct if it predicts the same within `tolerance`.
    """
    # Not of the size of the settings, so that the resizing of a loaded model is compared too.
    sizes = zip(model.input_shape[1:3], settings.image_size, strict=True)
    size = [side or asked + asked // 3 for side, asked in sizes]
    shape = [_NOISE_PHOTOS, *size, model.input_shape[3]]
    seed = 31415
    types = {settings.compute_dtype, settings.feature_dtype}
    content = {
        "inputs": {"seed": seed, "shape": shape},
        "outputs": model.predict(noise_photos(seed, shape), verbose=0).tolist(),
        "tolerance": tolerance,
        "photos_tolerance": max(tolerance, *(_TOLERANCES[each] for each in types)),
    }
    write_json(FILE, content)


def write_photos(
    model: Any, photos: Photos, probabilities: np.ndarray[Any, Any], settings: Settings
) -> None:
    """Write validation photos as pixels of 0…255, with what the run predicted for them.

    In training, a head may have seen features instead of photos: only these predictions show that
    the whole model is the one that was measured. How far the model is from them on the photos as
    they are in their files is written too, because those can be large.
    """
    chosen = spread(len(photos))
    batches = pipelines.once(photos, chosen, settings, convert=lambda pixels: pixels)
    pixels = np.concatenate([batch.numpy() for batch, _ in batches])
    differences = [
        np.abs(np.asarray(model(photo, training=False)) - probabilities[index]).max()
        for index, photo in _in_own_size(model, photos, chosen, settings)
    ]
    with atomic_write(PHOTOS_FILE) as part, part.open("wb") as out:
        np.savez_compressed(
            out, photos=pixels, probabilities=probabilities[chosen], in_own_size=differences
        )


def _in_own_size(
    model: Any, photos: Photos, chosen: np.ndarray[Any, Any], settings: Settings
) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Yield index and pixels [1, h, w, channels] of the chosen photos that `model` can take.

    There is none if the run itself decoded photos otherwise, or the model resizes none.
    """
    if settings.downscale_decode or model.input_shape[1] is not None:
        return
    decoder = Decoder(settings, of_pillow=photos.of_pillow)
    for index in chosen:
        photo = decoder.decode_original(Path(photos.paths[index]).read_bytes()).numpy()
        if photo.size <= _MOST_PIXELS:
            yield int(index), photo[np.newaxis].astype("float32")


def spread(count: int) -> np.ndarray[Any, Any]:
    """Return the indices of up to `PHOTOS` photos, spread evenly over `count`."""
    return np.unique(np.linspace(0, count - 1, PHOTOS, dtype=int))


def noise_photos(seed: int, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return the photos of check.json, noise in 0…255, as float32 of `shape`."""
    return (255 * np.random.RandomState(seed).rand(*shape)).astype("float32")


def compare(predict: Callable[[Any], Any]) -> tuple[bool, str]:
    """Return whether `predict` agrees with the reference, and the largest difference.

    It is called a second time with the same photos, because a model must not answer at random.
    """
    content = json.loads(Path(FILE).read_text(encoding="utf-8"))
    inputs = content["inputs"]
    noise = noise_photos(inputs["seed"], inputs["shape"])
    cases = [(noise, np.array(content["outputs"]), content["tolerance"])] * 2
    if Path(PHOTOS_FILE).exists():
        with np.load(PHOTOS_FILE, allow_pickle=False) as stored:
            photos, probabilities = stored["photos"].astype("float32"), stored["probabilities"]
        cases.append((photos, probabilities, content["photos_tolerance"]))
    differences = [float(np.abs(np.asarray(predict(x)) - y).max()) for x, y, _ in cases]
    ok = all(each <= case[2] for each, case in zip(differences, cases, strict=True))
    detail = f"largest difference {max(differences[:2]):.1e}"
    if len(cases) > 2:
        detail += f", to the run's own on {len(photos)} validation photos {differences[2]:.1e}"
    return ok, detail


def compare_in_own_size() -> tuple[bool, str]:
    """Return whether the model agreed with the run on photos that it resized itself."""
    if not Path(PHOTOS_FILE).exists():
        return True, "not compared: the run left no photos"
    tolerance = json.loads(Path(FILE).read_text(encoding="utf-8"))["photos_tolerance"]
    with np.load(PHOTOS_FILE, allow_pickle=False) as stored:
        differences = stored["in_own_size"]
    if not len(differences):
        return True, "not compared: the model takes photos of one size, or the run decoded others"
    detail = f"{len(differences)} validation photos, largest difference {differences.max():.1e}"
    return bool(differences.max() <= tolerance), detail
