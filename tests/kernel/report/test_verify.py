"""The verification finds what is wrong with a run's result, and accepts a correct one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from kernel.report import artifacts, reference, verify
from kernel.settings.settings import Settings


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the result of a run with a tiny model, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    forms = ("keras", "weights", "saved_model")
    artifacts.write_model(model, {"classes": ["Car", "Truck"]}, forms)
    reference.write(model, Settings(), tolerance=1e-5)
    artifacts.write_history({"loss": [0.5, 0.4]}, [1.0, 1.0])
    artifacts.write_json("run.json", {"epochs": 2, "metrics": {"loss": 0.4}})
    artifacts.write_manifest()
    return tmp_path


def checks(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """Verify the result in the current folder; return the checks by name."""
    capsys.readouterr()
    assert verify.main() == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    return {check["name"]: check for check in answer["checks"]}


def failed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [name.split()[0] for name, check in checks(capsys).items() if not check["ok"]]


def test_a_correct_result_passes_every_check(
    result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = checks(capsys)

    assert len(answer) == 6
    assert all(check["ok"] for check in answer.values()), answer


def predict_otherwise(folder: Path) -> None:
    reference = json.loads((folder / "check.json").read_text("utf-8"))
    reference["outputs"][0][0] += 0.1
    (folder / "check.json").write_text(json.dumps(reference), "utf-8")


def lose_an_epoch(folder: Path) -> None:
    lines = (folder / "history.csv").read_text("utf-8").splitlines()
    (folder / "history.csv").write_text("\n".join(lines[:-1]), "utf-8")


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (predict_otherwise, ["model.keras", "weights", "SavedModel", "manifest"]),
        (lose_an_epoch, ["history", "manifest"]),
        (lambda folder: (folder / "model.keras").write_bytes(b"no"), ["model.keras", "manifest"]),
        (lambda folder: (folder / "model.json").unlink(), ["weights", "manifest"]),
        (lambda folder: (folder / "extra.txt").touch(), ["manifest"]),
        (lambda folder: (folder / "manifest.json").unlink(), ["manifest"]),
    ],
    ids=[
        *("other predictions", "missing epoch", "damaged archive"),
        *("missing architecture", "extra file", "no manifest"),
    ],
)
def test_a_wrong_result_fails_the_checks_that_it_concerns(
    damage: Callable[[Path], Any],
    expected: list[str],
    result: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(result)

    assert failed(capsys) == expected


def test_a_failed_check_says_why(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (result / "extra.txt").touch()

    assert checks(capsys)["manifest matches the files"]["detail"] == "differing: extra.txt"
