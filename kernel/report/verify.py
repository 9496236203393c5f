"""Checks of what a run left, made in its folder by a process of its own."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kernel import session
from kernel.report import artifacts


def main() -> int:
    """Print one JSON line with every check; 0 whenever the checks could be made."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    session.start_tensorflow(0)
    run = _read("run.json") if Path("run.json").exists() else {}
    checks = [
        _check("model.keras reloads and predicts the same", _keras_archive),
        _check("weights and architecture reload and predict the same", _weights_and_architecture),
        _check("SavedModel reloads and predicts the same", _saved_model),
        _check("history has every epoch", lambda: _history(run)),
        _check("manifest matches the files", _manifest),
    ]
    answer = {
        "checks": checks,
        "metrics": run.get("metrics", {}),
        "epochs": run.get("epochs", 0),
    }
    print(json.dumps(answer), flush=True)
    return 0


def _check(name: str, made: Callable[[], tuple[bool, str]]) -> dict[str, Any]:
    """One check's outcome; what a check meets is its finding, whatever it is."""
    try:
        ok, detail = made()
    except Exception as error:
        ok, detail = False, f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return {"name": name, "ok": ok, "detail": detail}


def _keras_archive() -> tuple[bool, str]:
    import keras

    # Imported so that Keras knows the layers of our own that an archive may hold.
    from kernel.model import bases  # noqa: F401

    return _compared(keras.saving.load_model(artifacts.MODEL, compile=False))


def _weights_and_architecture() -> tuple[bool, str]:
    import keras

    from kernel.model import bases  # noqa: F401 - as above

    model = keras.models.model_from_json(Path(artifacts.ARCHITECTURE).read_text(encoding="utf-8"))
    model.load_weights(artifacts.WEIGHTS)
    return _compared(model)


def _saved_model() -> tuple[bool, str]:
    import tensorflow as tf

    loaded = tf.saved_model.load(artifacts.SAVED_MODEL)
    return _compared(lambda photos: loaded.serve(tf.constant(photos)))


def _compared(model: Any) -> tuple[bool, str]:
    """Whether the model predicts what check.json says, within its tolerance."""
    check = _read(artifacts.REFERENCE_PREDICTIONS)
    photos = artifacts.reference_photos(check["inputs"]["seed"], check["inputs"]["shape"])
    difference = float(np.abs(np.asarray(model(photos)) - np.array(check["outputs"])).max())
    return difference <= check["tolerance"], f"largest difference {difference:.1e}"


def _history(run: dict[str, Any]) -> tuple[bool, str]:
    with Path("history.csv").open(newline="", encoding="utf-8") as rows:
        epochs = [int(row["epoch"]) for row in csv.DictReader(rows)]
    return epochs == list(range(1, run["epochs"] + 1)), f"{len(epochs)} of {run['epochs']} epochs"


def _manifest() -> tuple[bool, str]:
    listed = {each["path"]: each for each in _read(artifacts.MANIFEST)["files"]}
    there = {path.as_posix() for path in artifacts.outputs(Path())}
    wrong = sorted(there ^ set(listed)) + [
        path
        for path in sorted(there & set(listed))
        if artifacts.manifest_entry(Path(path)) != listed[path]
    ]
    return not wrong, f"{len(listed)} files" if not wrong else f"differing: {', '.join(wrong[:5])}"


def _read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content
