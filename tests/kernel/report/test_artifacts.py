"""The files of a run's result."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from kernel.report import artifacts
from kitctl.domain.results.files import DownloadedFile, parse_manifest


def test_the_manifest_has_size_and_digests_of_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plots").mkdir()
    Path("plots/curves.png").write_bytes(b"short")
    with Path("model.keras").open("wb") as long:
        long.truncate(artifacts.LONG_BYTES)

    artifacts.write_manifest()

    written = json.loads(Path("manifest.json").read_text())
    keys = {"path", "bytes", "sha256"}
    assert {file["path"]: set(file) for file in written["files"]} == {
        "model.keras": keys | {"blake2b"},
        "plots/curves.png": keys,
    }
    entries = parse_manifest(Path("manifest.json").read_bytes())
    assert entries
    for path, entry in entries.items():
        data = Path(path).read_bytes()
        assert entry.sha256 == hashlib.sha256(data).hexdigest()
        digest = hashlib.new(entry.algorithm, data).hexdigest()
        assert entry.matches(DownloadedFile(len(data), digest))


def test_the_history_keeps_every_digit_and_says_nan_and_inf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    history = {
        "loss": [0.6929645538330078, float("nan"), 5.442627561234567e31],
        "val_loss": [0.5, float("inf"), 1e-05],
    }

    artifacts.write_history(history, [2.0, 0.12345, 0.00001])

    assert Path("history.csv").read_bytes() == (
        b"epoch,loss,val_loss,seconds\r\n"
        b"1,0.6929645538330078,0.5,2.0000\r\n"
        b"2,nan,inf,0.1235\r\n"
        b"3,5.442627561234567e+31,1e-05,0.0000\r\n"
    )


def test_a_history_without_an_epoch_has_only_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    artifacts.write_history({}, [])

    assert Path("history.csv").read_bytes() == b"epoch,seconds\r\n"


def test_json_has_null_for_numbers_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"

    artifacts.write_json(str(path), {"loss": np.float32("nan"), "all": (1, np.inf)})

    assert json.loads(path.read_text("utf-8")) == {"loss": None, "all": [1, None]}


def test_unfinished_files_and_the_old_manifest_are_removed_and_results_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("manifest.json", ".run.1.part.json", "plots/.loss.1.part.png", "plots/loss.png"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).touch()
    Path(".saved_model.part/variables").mkdir(parents=True)

    artifacts.remove_unfinished()

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [
        tmp_path / "plots" / "loss.png"
    ]
    assert not Path(".saved_model.part").exists()


def test_each_form_of_the_model_holds_its_weights_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(50_000)])
    forms = ("keras", "weights", "saved_model")

    artifacts.write_model(model, {"classes": ["Car", "Truck"]}, forms)

    for output in map(Path, artifacts.written_forms(forms)):
        files = output.rglob("*") if output.is_dir() else [output]
        size = sum(path.stat().st_size for path in files)
        assert 1_000_000 < size < 1_200_000, output
