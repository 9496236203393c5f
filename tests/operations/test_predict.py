"""`predict`: a model that came from others may do anything in the process that asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from support.pulled_results import write_results

from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.errors import RunFailed
from kitctl.operations.predict import Predictions, find_photos, predict
from kitctl.operations.results.pulled_run import PulledRun
from kitctl.operations.results.run_summary import read_summary
from kitctl.ports import LocalRun, NullReporter

LABELS = {"schema": "kitctl-labels/1", "classes": ["blue", "red"], "input": {}}


def predict_one(folder: Path, answers: bytes | None) -> Predictions:
    """Ask a model whose process leaves these bytes as its answers, None for no file."""
    results = write_results(folder / "v1", "local local/small-job/1", metrics={"score": 1})
    (results / "labels.json").write_text(json.dumps(LABELS), "utf-8")
    (results / "model.keras").write_bytes(b"")
    (folder / "a.png").write_bytes(b"")

    def run(root: Path, *_: Any, **__: Any) -> LocalRun:
        (root / "working").mkdir(parents=True)
        if answers is not None:
            (root / "working" / "answers.jsonl").write_bytes(answers)
        process: LocalRun = create_autospec(LocalRun, instance=True)
        process.wait.return_value = 0  # type: ignore[attr-defined]
        return process

    summary = read_summary(LocalResultsFolder(results), lambda name: True)
    pulled = PulledRun("local/small-job/1", results, None, summary)
    photos = find_photos([str(folder / "a.png")])
    return predict(pulled, photos, top=1, program=b"", runner=run, reporter=NullReporter())


def test_a_model_that_ends_its_process_without_an_answer_is_a_failed_run(tmp_path: Path) -> None:
    with pytest.raises(RunFailed) as error:
        predict_one(tmp_path, None)
    assert error.value.code == "model_not_loaded"


@pytest.mark.parametrize("answers", [b"\xff\xfe\n", b'{"path": 1, "outputs": "x"}\n[[[\n'])
def test_answers_that_cannot_be_read_leave_the_photo_without_a_class(
    tmp_path: Path, answers: bytes
) -> None:
    assert [photo.reason for photo in predict_one(tmp_path, answers).unreadable] == [
        "the model gave no answer"
    ]
