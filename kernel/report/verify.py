"""Checks of a run's result, made in its folder by a separate process."""

import csv
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kernel import session
from kernel.report import artifacts, reference


def main() -> int:
    """Print one JSON line with every check; return 0, whether they passed or failed."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    session.start_tensorflow(0)
    run = _read_json("run.json") if Path("run.json").exists() else {}
    forms = run.get("settings", {}).get("exports", ["keras", "saved_model"])
    checks = [
        *(_run_check(name, check) for form, name, check in _FORM_CHECKS if form & set(forms)),
        _run_check("photos of any size are predicted as in the run", reference.compare_in_own_size),
        _run_check("history has every epoch", lambda: _history(run)),
        _run_check("manifest matches the files", _manifest),
    ]
    result = {
        "checks": checks,
        "metrics": run.get("metrics", {}),
        "epochs": run.get("epochs", 0),
    }
    print(json.dumps(result), flush=True)
    return 0


def _run_check(name: str, check: Callable[[], tuple[bool, str]]) -> dict[str, Any]:
    """Return a check's name, whether it passed, and a detail; any exception is a failure."""
    try:
        ok, detail = check()
    except Exception as error:
        ok, detail = False, f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return {"name": name, "ok": ok, "detail": detail}


def _keras_archive() -> tuple[bool, str]:
    import keras

    # Imported so that Keras knows the project's own layer, which an archive may contain.
    from kernel.model import saved_base  # noqa: F401

    return reference.compare(keras.saving.load_model(artifacts.MODEL, compile=False))


def _weights_and_architecture() -> tuple[bool, str]:
    import keras

    from kernel.model import saved_base  # noqa: F401 - as above

    model = keras.models.model_from_json(Path(artifacts.ARCHITECTURE).read_text(encoding="utf-8"))
    if Path(artifacts.WEIGHTS).exists():
        model.load_weights(artifacts.WEIGHTS)
        return reference.compare(model)
    with zipfile.ZipFile(artifacts.MODEL) as archive, tempfile.TemporaryDirectory() as folder:
        model.load_weights(archive.extract(artifacts.WEIGHTS, folder))
        return reference.compare(model)


def _saved_model() -> tuple[bool, str]:
    import tensorflow as tf

    loaded = tf.saved_model.load(artifacts.SAVED_MODEL)
    return reference.compare(lambda photos: loaded.serve(tf.constant(photos)))


# Of any of these forms, the name of a check and what it does.
_FORM_CHECKS = (
    ({"keras"}, "model.keras reloads and predicts the same", _keras_archive),
    (
        {"keras", "weights"},
        "weights and architecture reload and predict the same",
        _weights_and_architecture,
    ),
    ({"saved_model"}, "SavedModel reloads and predicts the same", _saved_model),
)


def _history(run: dict[str, Any]) -> tuple[bool, str]:
    with Path("history.csv").open(newline="", encoding="utf-8") as rows:
        epochs = [int(row["epoch"]) for row in csv.DictReader(rows)]
    return epochs == list(range(1, run["epochs"] + 1)), f"{len(epochs)} of {run['epochs']} epochs"


def _manifest() -> tuple[bool, str]:
    listed = {each["path"]: each for each in _read_json(artifacts.MANIFEST)["files"]}
    existing = {path.as_posix() for path in artifacts.outputs(Path())}
    wrong = sorted(existing ^ set(listed)) + [
        path
        for path in sorted(existing & set(listed))
        if artifacts.manifest_entry(Path(path)) != listed[path]
    ]
    return not wrong, f"{len(listed)} files" if not wrong else f"differing: {', '.join(wrong[:5])}"


def _read_json(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content
