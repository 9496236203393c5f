"""A whole model trained on several devices ends like one trained on one, and counts every photo."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import SIDE, Run

DEVICES = """
import json, sys
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
count = int(sys.argv[1])
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
from kernel import main
from kernel.session import Job
from kernel.settings.settings import Settings
settings = json.loads(sys.argv[2])
sys.exit(main.run(Job(settings), Settings.from_mapping(settings)))
"""
# The last of its batches of 13 has 5 photos, so that no part is like another.
TRAINED: dict[str, Any] = {"batch_size": 13, "epochs": 2, "units": [16], "learning_rate": 0.003}


@pytest.mark.parametrize(
    ("count", "changed"),
    [(2, {"class_weight": "balanced"}), (4, {"base_trainable": False, "fine_tune_epochs": 1})],
    ids=["2 devices, from scratch", "4 devices, fine-tuned"],
)
def test_the_loss_on_several_devices_is_that_of_one(
    tmp_path: Path,
    two_classes: Path,
    run_job: Callable[..., Run],
    count: int,
    changed: dict[str, Any],
) -> None:
    settings = {**TRAINED, **changed}
    one = run_job("one", **settings)
    log = run_on(count, tmp_path / "several", data=str(two_classes), **settings)
    several = Run(tmp_path / "several", 0)

    assert f"devices: {count} of {count} (CPU) train the whole model" in log
    assert several.history.keys() == one.history.keys()
    for name, values in one.history.items():
        if name != "seconds":
            assert several.history[name] == pytest.approx(values, rel=1e-3), name


def run_on(count: int, folder: Path, **settings: Any) -> str:
    """Run the job on so many logical devices of the CPU; return its log."""
    folder.mkdir()
    chosen = {"image_size": [SIDE, SIDE], "plots": False, **settings}
    done = subprocess.run(
        [sys.executable, "-c", DEVICES, str(count), json.dumps(chosen)],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
