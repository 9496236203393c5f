"""Complete runs of the training job."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import SIDE, Run, write_split

from kernel import main
from kernel.accelerators import NoAcceleratorError
from kernel.session import Job
from kernel.settings.settings import Settings, SettingsError

FROZEN = {"base": "convnet", "base_trainable": False}


def test_two_runs_of_one_job_end_with_the_same_weights(run_job: Callable[..., Run]) -> None:
    first, second = (run_job(name, base="convnet", augment_flip="horizontal") for name in "ab")

    assert first.history["val_loss"] == second.history["val_loss"]
    for ours, theirs in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_plateau_ends_the_run_with_its_model_and_reports_the_saved_time(
    run_job: Callable[..., Run],
) -> None:
    run = run_job(epochs=10, learning_rate=1e-12, stop_on_plateau=2, **FROZEN)

    assert run.record["stopped_because"] == "plateau"
    assert run.record["epochs"] == len(run.history["loss"]) < 10
    assert run.record["saved_seconds"] > 0
    assert all(np.isfinite(weights).all() for weights in run.weights)


def test_a_loss_that_is_not_a_number_ends_the_run_with_the_last_finite_weights(
    run_job: Callable[..., Run],
) -> None:
    diverging = {"optimizer": "sgd", "activation": "linear", "learning_rate": 100.0}
    run = run_job(epochs=30, **diverging, **FROZEN)

    assert run.record["stopped_because"] == "nan_loss"
    assert run.record["epochs"] < 30
    assert all(np.isfinite(weights).all() for weights in run.weights)


def test_a_missing_accelerator_ends_the_run_before_tensorflow_starts(
    tmp_path: Path, two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # No nvidia-smi is found, wherever this runs.
    settings = {"data": str(two_classes)}
    with contextlib.chdir(tmp_path), pytest.raises(NoAcceleratorError, match="needs a GPU"):
        main.run(Job(settings, accelerator="gpu"), Settings.from_mapping(settings))

    run = Run(tmp_path, 1)
    assert run.record["stopped_because"] == "no_accelerator"
    assert run.record["epochs"] == 0
    assert (tmp_path / "manifest.json").is_file()


def test_gpus_that_tensorflow_cannot_use_end_the_run_before_its_photos_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho GPU 0: Tesla T4\necho GPU 1: Tesla T4\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = {"data": "owner/not-attached"}
    with contextlib.chdir(tmp_path), pytest.raises(NoAcceleratorError, match="TensorFlow sees 0"):
        main.run(Job(settings, accelerator="gpu"), Settings.from_mapping(settings))

    run = Run(tmp_path, 1)
    assert run.record["stopped_because"] == "no_accelerator"
    assert run.record["epochs"] == 0


def test_a_run_finds_out_by_itself_that_there_are_three_classes(
    tmp_path: Path, run_job: Callable[..., Run]
) -> None:
    photos = write_split(tmp_path / "photos", ("Bus", "Car", "Truck"), 9, 6)
    run = run_job(data=str(photos), base="convnet", color_mode="grayscale", plots=True)

    assert run.record["settings"]["label_mode"] == "int"
    assert "val_sparse_categorical_accuracy" in run.history
    assert (run.working / "plots" / "confusion.png").is_file()
    # What the run found out is no setting that somebody has changed.
    assert "label_mode" not in run.record["changed_settings"]


def test_a_loss_that_does_not_fit_the_classes_that_are_found_is_refused(
    tmp_path: Path, run_job: Callable[..., Run]
) -> None:
    photos = write_split(tmp_path / "photos", ("Bus", "Car", "Truck"), 2, 2)

    with pytest.raises(SettingsError, match="mean_squared_error does not fit label_mode 'int'"):
        run_job(data=str(photos), loss="mean_squared_error")


def test_a_photo_whose_name_is_not_utf8_is_left_out_and_named(
    tmp_path: Path, run_job: Callable[..., Run], capfd: pytest.CaptureFixture[str]
) -> None:
    photos = write_split(tmp_path / "photos", ("Car", "Truck"), 20, 10)
    odd = os.fsencode(photos / "train" / "Car") + b"/caf\xe9.jpg"
    os.rename(photos / "train" / "Car" / "001.jpg", odd)  # noqa: PTH104 - bytes, not a Path

    run = run_job(data=str(photos), epochs=1, **FROZEN)

    (skipped,) = run.record["skipped_photos"]
    assert skipped["path"].endswith("/caf\\xe9.jpg")
    assert "caf\\xe9.jpg: its name is not valid UTF-8" in capfd.readouterr().out


@pytest.mark.parametrize("base_trainable", [True, False], ids=["whole model", "head"])
def test_balanced_class_weights_make_a_rare_class_count_in_training(
    tmp_path: Path, run_job: Callable[..., Run], base_trainable: bool
) -> None:
    photos = write_split(tmp_path / "photos", ("Car", "Truck"), 20, 6)
    for path in sorted((photos / "train" / "Truck").iterdir())[4:]:
        path.unlink()
    settings = {"data": str(photos), "epochs": 1, "base_trainable": base_trainable}

    plain, weighted = (
        run_job(each, class_weight=each, **settings) for each in ("none", "balanced")
    )

    losses = [run.record["metrics"]["loss"] for run in (plain, weighted)]
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)
    assert set(weighted.record["metrics"]["recall"]) == {"Car", "Truck"}
    assert weighted.record["reading"]["chance"] == pytest.approx(np.log(2))
    assert plain.record["reading"]["chance"] > np.log(2)


TWO_DEVICES = """
import json, sys
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from kernel import main
from kernel.session import Job
from kernel.settings.settings import Settings
settings = json.loads(sys.argv[1])
sys.exit(main.run(Job(settings), Settings.from_mapping(settings)))
"""


def test_two_devices_share_the_forward_pass_and_end_with_the_same_weights(
    tmp_path: Path, two_classes: Path, run_job: Callable[..., Run]
) -> None:
    settings: dict[str, Any] = {"data": str(two_classes), "image_size": [SIDE, SIDE]}
    settings |= {"batch_size": 16, "epochs": 2, "plots": False, **FROZEN}
    folder = tmp_path / "two"
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, json.dumps(settings)],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
        check=True,
    )
    one = run_job("one", epochs=2, **FROZEN)

    for ours, theirs in zip(Run(folder, 0).weights, one.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
