"""Reference predictions, with which a model that was loaded again is compared."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernel.files import atomic_write
from kernel.report.artifacts import write_json
from kernel.settings.settings import Settings

FILE, PHOTOS_FILE = "check.json", "check_photos.npz"
PHOTOS = 8  # of the validation photos, stored with the run's own predictions
_NOISE_PHOTOS = 4
# What the run itself predicted, on features of this type, against the model in float32.
_TOLERANCES = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}


def write(model: Any, settings: Settings, tolerance: float) -> None:
    """Write check.json: what the model predicts for photos that any machine can make again.

    A loaded model is correct if it predicts the same within `tolerance`.
    """
    shape = [_NOISE_PHOTOS, *model.input_shape[1:]]
    seed = 31415
    types = {settings.compute_dtype, settings.feature_dtype}
    content = {
        "inputs": {"seed": seed, "shape": shape},
        "outputs": model.predict(noise_photos(seed, shape), verbose=0).tolist(),
        "tolerance": tolerance,
        "photos_tolerance": max(tolerance, *(_TOLERANCES[each] for each in types)),
    }
    write_json(FILE, content)


def write_photos(photos: np.ndarray[Any, Any], probabilities: np.ndarray[Any, Any]) -> None:
    """Write validation photos as the model takes them, with what the run predicted for them.

    In training, a head may have seen features instead of photos: only these predictions show that
    the whole model is the one that was measured.
    """
    with atomic_write(PHOTOS_FILE) as part, part.open("wb") as out:
        np.savez_compressed(out, photos=photos, probabilities=probabilities)


def spread(count: int) -> np.ndarray[Any, Any]:
    """Return the indices of up to `PHOTOS` photos, spread evenly over `count`."""
    return np.unique(np.linspace(0, count - 1, PHOTOS, dtype=int))


def noise_photos(seed: int, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return the photos of check.json, noise in 0…1, as float32 of `shape`."""
    return np.random.RandomState(seed).rand(*shape).astype("float32")


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
            photos, probabilities = stored["photos"], stored["probabilities"]
        cases.append((photos, probabilities, content["photos_tolerance"]))
    differences = [float(np.abs(np.asarray(predict(x)) - y).max()) for x, y, _ in cases]
    ok = all(each <= case[2] for each, case in zip(differences, cases, strict=True))
    detail = f"largest difference {max(differences[:2]):.1e}"
    if len(cases) > 2:
        detail += f", to the run's own on {len(photos)} validation photos {differences[2]:.1e}"
    return ok, detail
