"""Every exported form of a model predicts for the validation photos what the run itself did."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import Run
from support.pictures import is_drawn
from support.saved_models import write_course_inceptionv1

from kernel.report import verify

FORMS = ["keras", "weights", "saved_model"]
FROZEN: dict[str, Any] = {"base_trainable": False}
FINE_TUNED: dict[str, Any] = {**FROZEN, "fine_tune_epochs": 1, "fine_tune_learning_rate": 0.01}
AUGMENTED: dict[str, Any] = {
    "augment_flip": "horizontal_and_vertical", "augment_rotation": 0.1, "augment_zoom": 0.2,
    "augment_translation": 0.1, "augment_contrast": 0.3,
}  # fmt: skip

RUNS: dict[str, dict[str, Any]] = {
    "trained": {},
    "trained, all, dropout": {**AUGMENTED, "dropout": 0.3, "convnet_dropout": 0.1},
    "frozen, all": {**FROZEN, **AUGMENTED},
    "frozen, views, float16": {
        **FROZEN, **AUGMENTED, "augment_views": 2, "compute_dtype": "float16",
        "feature_dtype": "float16",
    },
    "trained, rotation, float16": {"augment_rotation": 0.1, "compute_dtype": "float16"},
    "fine-tuned, bfloat16": {**FINE_TUNED, "compute_dtype": "bfloat16"},
    "fine-tuned, rotation": {**FINE_TUNED, "augment_rotation": 0.1},
    "fine-tuned, views": {**FINE_TUNED, **AUGMENTED, "augment_views": 2},
}  # fmt: skip


@pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)
def test_every_exported_form_predicts_what_the_run_did(
    settings: dict[str, Any],
    run_job: Callable[..., Run],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    run = run_job(**{"epochs": 2, "exports": FORMS, **settings})

    require_all_checks(run, capsys)


def test_the_courses_inceptionv1_goes_from_photos_to_every_exported_form(
    tmp_path: Path,
    run_job: Callable[..., Run],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    weights = write_course_inceptionv1(tmp_path / "inceptionv1")
    run = run_job(
        base="inceptionv1", base_weights=str(weights), image_size=128, epsilon=0.01, plots=True,
        exports=FORMS,
    )  # fmt: skip

    assert "no feature maps" in capsys.readouterr().out
    assert is_drawn(run.working / "plots" / "feature_maps.png")
    require_all_checks(run, capsys)


def require_all_checks(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Check the result of a run as a dry run does, and that it compared predictions that differ."""
    capsys.readouterr()
    with contextlib.chdir(run.working):
        verify.main()
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    details = {check["name"]: check["detail"] for check in answer["checks"]}
    assert all(check["ok"] for check in answer["checks"]), details
    with np.load(run.working / "check_photos.npz") as stored:
        assert len(np.unique(stored["probabilities"].round(6))) > 1
