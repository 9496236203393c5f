"""The packed job runs on the TensorFlow and Keras of Kaggle's image.

`make test-kaggle-image` creates an environment with them and sets KITCTL_KAGGLE_IMAGE_PYTHON to
its interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kitctl.operations.local_runs import prepare_sources
from kitctl.operations.planning.plan_job import plan_job
from kitctl.ports import NullReporter

# Each test starts TensorFlow twice, which takes long on a slow machine.
pytestmark = [pytest.mark.kaggle_image, pytest.mark.timeout(900)]

PROJECT = Path(__file__).resolve().parents[2]
SMALL = {"epochs": 2, "photos_per_class": 12, "image_size": [64, 64], "batch_size": 8}


def run_script(kaggle: Path, script: bytes, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script as Kaggle does: from src/, in working/, without arguments."""
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
    """Return the folder with the photos of the default data set's sample."""
    sources = plan_job(PROJECT).metadata.sources
    settings = {"ryanholbrook/car-or-truck": "datasets/car-or-truck-sample"}
    stand_ins = prepare_sources.stand_ins(PROJECT, sources, settings, ())
    mounts = prepare_sources.prepare(stand_ins, NullReporter())
    return mounts["datasets/ryanholbrook/car-or-truck"]


@pytest.mark.parametrize("layout", ["datasets/ryanholbrook/car-or-truck", "car-or-truck"])
def test_the_packed_job_runs_and_its_result_passes_all_checks(
    layout: str, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "input" / layout).parent.mkdir(parents=True)
    (tmp_path / "input" / layout).symlink_to(sample)
    script = plan_job(PROJECT, overrides=SMALL).script
    process = run_script(tmp_path, script)
    assert process.returncode == 0, process.stderr[-3000:]
    assert "session 77" in process.stdout.splitlines()
    run = json.loads((tmp_path / "working/run.json").read_text("utf-8"))
    assert run["status"] == "complete"
    assert run["versions"]["tensorflow"].startswith("2.20.")
    assert run["versions"]["keras"].startswith("3.13.")
    verification = run_script(tmp_path, script, KITCTL_VERIFY="1")
    checks = json.loads(verification.stdout.splitlines()[-1])["checks"]
    assert checks
    assert [check for check in checks if not check["ok"]] == []
