"""The run that a push would start, as far as its hours are concerned."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import packed_job, single_script
from support.runs import HOUR, run

from kitctl.config import Config
from kitctl.domain.runs.run import Facts, Run
from kitctl.operations.hours.next_run import NextRun, read_next_run


def read(project: Path, **settings: str) -> NextRun:
    job = read_next_run(project, Config(**settings))
    assert job is not None
    return job


def past(epochs: int, seconds: float) -> Run:
    facts = Facts(epochs_done=epochs, epoch_seconds=60.0)
    return run(0, seconds, epochs=epochs, facts=facts, settings={"epochs": epochs, "base": "x"})


def test_the_next_run_has_the_projects_kernel_machine_and_limit(tmp_path: Path) -> None:
    job = read(packed_job(tmp_path, job="epochs = 3", id="small-job"))
    assert str(job.kernel("bob", "kaggle")) == "bob/small-job"
    assert (job.pool, job.accelerator, job.limit_seconds) == ("gpu", "NvidiaTeslaT4", 12 * HOUR)
    assert job.settings == {"epochs": 3}


@pytest.mark.parametrize(
    ("settings", "pool", "hours"),
    [
        ({"accelerator": "tpu"}, "tpu", 9),
        ({"accelerator": "cpu"}, "cpu", 12),
        ({"timeout": "90m"}, "gpu", 1.5),
        ({"timeout": "40h"}, "gpu", 12),
    ],
)
def test_the_configured_accelerator_and_timeout_count(
    tmp_path: Path, settings: dict[str, str], pool: str, hours: float
) -> None:
    job = read(single_script(tmp_path, "print(1)"), **settings)
    assert (job.pool, job.limit_seconds) == (pool, hours * HOUR)


def test_the_next_run_is_forecast_as_the_last_one_with_the_changed_settings(tmp_path: Path) -> None:
    runs = [past(10, 700)]
    unchanged = read(packed_job(tmp_path / "a", job="base = 'x'"))
    assert unchanged.forecast(runs).seconds == 700
    changed = read(packed_job(tmp_path / "b", job="epochs = 20"))
    assert changed.forecast(runs).seconds == 1300
    assert changed.forecast([]).basis == "timeout"


def test_a_project_that_cannot_be_read_has_no_next_run(tmp_path: Path) -> None:
    packed_job(tmp_path, job="epochs = ")
    assert read_next_run(tmp_path, Config()) is None
