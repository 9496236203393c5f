"""The packed job on the TensorFlow and Keras of Kaggle's image, in an environment of its own.

`make test-kaggle-image` makes that environment and names its interpreter in
KITCTL_KAGGLE_IMAGE_PYTHON.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kitctl.operations.shared import prepare_sources
from kitctl.operations.shared.plan_job import plan_job
from kitctl.operations.shared.reporter import NullReporter

# Two starts of TensorFlow in each test, on whatever machine this is.
pytestmark = [pytest.mark.kaggle_image, pytest.mark.timeout(900)]

PROJECT = Path(__file__).resolve().parents[2]
SMALL = {"epochs": 2, "photos_per_class": 12, "image_size": [64, 64], "batch_size": 8}


def play(kaggle: Path, script: bytes, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the script as Kaggle does: from src/, in working/, without arguments."""
    (kaggle / "src").mkdir(exist_ok=True)
    (kaggle / "working").mkdir(exist_ok=True)
    (kaggle / "src/script.py").write_bytes(script)
    return subprocess.run(
        [os.environ["KITCTL_KAGGLE_IMAGE_PYTHON"], str(kaggle / "src/script.py")],
        cwd=kaggle / "working",
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(kaggle),
            "KITCTL_REHEARSAL": "1",
            "KAGGLE_CONTAINER_NAME": "kaggle_image-77-webtier",
            **environment,
        },
        capture_output=True,
        encoding="utf-8",
        timeout=400,
    )


@pytest.fixture(scope="module")
def sample() -> Path:
    """The embedded default's photos."""
    sources = plan_job(PROJECT).metadata.sources
    settings = {"ryanholbrook/car-or-truck": "datasets/car-or-truck-sample"}
    found = prepare_sources.stand_ins(PROJECT, sources, settings, ())
    mounts = prepare_sources.prepare(found, NullReporter())
    return mounts["datasets/ryanholbrook/car-or-truck"]


@pytest.mark.parametrize("layout", ["datasets/ryanholbrook/car-or-truck", "car-or-truck"])
def test_the_packed_job_runs_and_its_outputs_hold(
    layout: str, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "input" / layout).parent.mkdir(parents=True)
    (tmp_path / "input" / layout).symlink_to(sample)
    script = plan_job(PROJECT, overrides=SMALL).script
    done = play(tmp_path, script)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "session 77" in done.stdout.splitlines()
    run = json.loads((tmp_path / "working/run.json").read_text("utf-8"))
    assert run["status"] == "complete"
    assert run["versions"]["tensorflow"].startswith("2.20.")
    assert run["versions"]["keras"].startswith("3.13.")
    verified = play(tmp_path, script, KITCTL_VERIFY="1")
    checks = json.loads(verified.stdout.splitlines()[-1])["checks"]
    assert checks
    assert [check for check in checks if not check["ok"]] == []
