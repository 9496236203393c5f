"""The files of a run's result, each written completely or not at all."""

import hashlib
import json
import math
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernel import session
from kernel.files import atomic_write, write_csv

MANIFEST = "manifest.json"

# From this size on a SHA-256 takes seconds on a processor without instructions for it.
LONG_BYTES = 64 << 20
_FOR_LATER_RUNS = ("features", ".resume")
MODEL, WEIGHTS, ARCHITECTURE, SAVED_MODEL, LABELS = (
    "model.keras", "model.weights.h5", "model.json", "saved_model", "labels.json",
)  # fmt: skip


def write_json(path: str, content: Any) -> None:
    """Write `content` as JSON; numbers that JSON does not have (NaN, infinity) become null."""
    with atomic_write(path) as part:
        part.write_text(_json_text(content), encoding="utf-8")


def write_history(history: Mapping[str, Sequence[float]], seconds: Sequence[float]) -> None:
    """Write history.csv: a row per epoch, counted from 1, with metrics as Keras names them."""
    import pandas as pd

    table = pd.DataFrame(history, dtype=float)
    table.insert(0, "epoch", range(1, len(seconds) + 1))
    table["seconds"] = [f"{duration:.4f}" for duration in seconds]
    write_csv("history.csv", table)


def write_model(model: Any, labels: Mapping[str, Any], exports: Sequence[str]) -> None:
    """Write the model's architecture, and the model in each of the forms `exports`.

    They are a Keras archive ("keras"), its weights ("weights") and a SavedModel ("saved_model");
    forms that an earlier run left are removed. The archive holds the weights too: with the
    architecture they can be loaded where an older Keras refuses a newer one's archive. `labels`,
    made by `labels.describe`, stand beside them as labels.json, and inside of the archive and the
    SavedModel, where Keras and TensorFlow ignore them.
    """
    write_json(LABELS, labels)
    with atomic_write(ARCHITECTURE) as part:
        part.write_text(portable_architecture(model) + "\n", encoding="utf-8")
    for form, (write, output) in _FORMS.items():
        if form in exports:
            write(model, labels)
        elif Path(output).is_dir():
            shutil.rmtree(output)
        else:
            Path(output).unlink(missing_ok=True)


def written_forms(exports: Sequence[str]) -> list[str]:
    """Return the paths of the forms `exports`."""
    return [output for form, (_, output) in _FORMS.items() if form in exports]


def _write_archive(model: Any, labels: Mapping[str, Any]) -> None:
    with atomic_write(MODEL) as part:
        model.save(part)
        with zipfile.ZipFile(part, "a") as archive:
            archive.writestr(zipfile.ZipInfo(LABELS), _json_text(labels))


def _write_weights(model: Any, labels: Mapping[str, Any]) -> None:
    with atomic_write(WEIGHTS) as part:
        # Keras requires this ending.
        required_name = part.with_name(f"{part.name}.weights.h5")
        model.save_weights(required_name)
        required_name.replace(part)


def _write_saved_model(model: Any, labels: Mapping[str, Any]) -> None:
    part = Path(f".{SAVED_MODEL}.part")
    shutil.rmtree(part, ignore_errors=True)
    _export(model, part)
    write_json(f"{part}/assets.extra/{LABELS}", labels)  # TensorFlow's folder for other files
    shutil.rmtree(SAVED_MODEL, ignore_errors=True)
    part.rename(SAVED_MODEL)


_FORMS: dict[str, tuple[Callable[[Any, Mapping[str, Any]], None], str]] = {
    "keras": (_write_archive, MODEL),
    "weights": (_write_weights, WEIGHTS),
    "saved_model": (_write_saved_model, SAVED_MODEL),
}


def _export(model: Any, folder: Path) -> None:
    """Write a SavedModel that predicts; Keras' own `export` leaves open whether it trains.

    The model is not tracked: it would be written with all its weights a second time.
    """
    import keras

    archive = keras.export.ExportArchive()
    photos = keras.InputSpec(shape=model.input_shape, dtype="float32")
    archive.add_endpoint("serve", lambda photos: model(photos, training=False), [photos])
    archive.write_out(folder, verbose=False)


def portable_architecture(model: Any) -> str:
    """Return the model's JSON without newer Keras' arguments that have their default value."""
    return json.dumps(_without_newer_defaults(json.loads(model.to_json())), indent=1)


def write_manifest() -> None:
    """Write manifest.json, the last file: path, size and digest of every other output."""
    files = [manifest_entry(path) for path in outputs(Path())]
    write_json(MANIFEST, {"schema": "kitctl-manifest/1", "files": files})


def manifest_entry(path: Path) -> dict[str, Any]:
    """Return a file's path, size in bytes and SHA-256; for a long one its faster BLAKE2b too.

    One that only a later run needs says so: a pull leaves it out.
    """
    size = path.stat().st_size
    entry: dict[str, Any] = {
        "path": path.as_posix(), "bytes": size, "sha256": _hash(path, "sha256")
    }  # fmt: skip
    if path.parts[0] in _FOR_LATER_RUNS:
        entry["on_request"] = True
    return entry if size < LONG_BYTES else entry | {"blake2b": _hash(path, "blake2b")}


def outputs(folder: Path) -> list[Path]:
    """Return every file in the folder and its subfolders except the manifest, sorted."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST
    )


def _hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


def remove_unfinished() -> None:
    """Remove an earlier run's manifest, which says "complete", and its unfinished files."""
    Path(MANIFEST).unlink(missing_ok=True)
    for path in (*Path().glob(".*.part*"), *Path().glob("*/.*.part*"), *Path().glob(".resume/.*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _json_text(content: Any) -> str:
    text = json.dumps(_json_value(content), indent=2, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def _json_value(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {session.utf8(str(name)): _json_value(value) for name, value in content.items()}
    if isinstance(content, str):
        return session.utf8(content)
    if isinstance(content, list | tuple):
        return [_json_value(value) for value in content]
    if isinstance(content, np.generic):
        content = content.item()
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def _without_newer_defaults(config: Any) -> Any:
    if isinstance(config, list):
        return [_without_newer_defaults(each) for each in config]
    if not isinstance(config, dict):
        return config
    return {
        name: _without_newer_defaults(value)
        for name, value in config.items()
        if name not in _NEWER_DEFAULTS or value != _NEWER_DEFAULTS[name]
    }


# Arguments that Keras 3.13 refuses to read, with the default that 3.15 writes.
_NEWER_DEFAULTS = {
    "quantization_config": None,
    "antialias": False,
    "input_axes": None,
    "output_axes": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}
