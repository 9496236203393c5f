"""`pipelines`: the packed job measures its input pipelines on a folder of photos, here."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kitctl.config import JOB_NAME
from kitctl.errors import Interrupted, InvalidInput, NextCommand
from kitctl.operations.local_runs.local_run import ScriptRun
from kitctl.operations.local_runs.prepare_sources import StandIn
from kitctl.operations.local_runs.scratch_folder import scratch_folder
from kitctl.operations.project.read_metadata import read_metadata
from kitctl.packing.plan import Plan
from kitctl.ports import Reporter, Runner

TASK = "pipelines"
TABLE = "pipelines.csv"
PICTURES = "timelines"
PHOTOS_SOURCE = "local/photos"
"""The data set as which a folder named on the command line is mounted."""

_PIPELINE = re.compile(r"pipeline (\w+) ")


@dataclass(frozen=True)
class Pipeline:
    """One row of the table; speeds are medians, memory is 0 where the system does not say."""

    name: str
    photos_per_second: float
    slowest: float
    fastest: float
    cached_photos_per_second: float
    peak_bytes: int
    pipeline_bytes: int
    photos: int
    rounds: int


@dataclass(frozen=True)
class Measurement:
    """The measured pipelines, and where the table and the pictures are."""

    out: Path
    pipelines: tuple[Pipeline, ...]
    pictures: tuple[Path, ...]


def photos_source(folder: Path) -> StandIn:
    """Return a folder named on the command line as a source of the job."""
    return StandIn(PHOTOS_SOURCE, f"datasets/{PHOTOS_SOURCE}", folder)


def require_training_job(project: Path) -> None:
    """Raise InvalidInput where the project's job is one without pipelines to measure."""
    code_file = read_metadata(project).metadata.code_file
    if not (project / code_file).with_name(JOB_NAME).is_file():
        raise InvalidInput(
            f"{code_file} is not the course's training job, whose pipelines are measured.",
            code="settings",
            hint=NextCommand("init", "--template course", "makes a project with it"),
        )


def pipelines_settings(data: Path | None, read_delay_ms: float) -> dict[str, Any]:
    """Return the settings of a job that measures instead of training.

    It measures on `data`, or on the job's own photos where that is None.
    Raises InvalidInput where `data` is no folder with a folder for each class.
    """
    settings: dict[str, Any] = {"task": TASK, "read_delay_ms": read_delay_ms}
    if data is None:
        return settings
    if not data.is_dir() or not any(path.is_dir() for path in data.iterdir()):
        raise InvalidInput(
            f"{data} holds no folders of photos: it needs one for each class, or train/ and valid/ "
            "with one for each class.",
            code="no_photos",
            hint=NextCommand("pipelines", "--data DIR"),
        )
    # Only the training photos are measured, but the job looks for both.
    train = "train" if (data / "train").is_dir() else "."
    valid = "valid" if (data / "valid").is_dir() else train
    return {**settings, "data": PHOTOS_SOURCE, "train_folder": train, "valid_folder": valid}


def measure(
    plan: Plan, mounts: Mapping[str, Path], *, out: Path, runner: Runner, reporter: Reporter
) -> Measurement:
    """Run the plan's script and move its table and pictures to `out`.

    Raises InvalidInput where the job says that its data are wrong, RunFailed where the script
    fails, Interrupted on Ctrl-C; `out` is then as it was.
    """

    def show(line: str) -> None:
        if _PIPELINE.match(line):
            reporter.info(line.strip())

    out.mkdir(parents=True, exist_ok=True)
    with scratch_folder(out / "measuring") as root:
        script = ScriptRun(plan, root, runner, last_lines=3)
        try:
            reporter.info("Measuring each pipeline in a process of its own.")
            script.start(mounts, show, reporter)
            code = script.wait()
            if code:
                raise script.failure(code, NextCommand("pipelines", "--data DIR"))
            return _move_results(script.working, out)
        except KeyboardInterrupt:
            raise Interrupted(
                f"Measuring was stopped with all its processes; {out} is as it was.",
                hint=NextCommand("pipelines"),
            ) from None


def _move_results(working: Path, out: Path) -> Measurement:
    """Move the table and the pictures to `out`, over those of an earlier measurement."""
    with (working / TABLE).open(encoding="utf-8", newline="") as file:
        pipelines = tuple(_row(row) for row in csv.DictReader(file))
    (out / PICTURES).mkdir(exist_ok=True)
    pictures = []
    for picture in sorted((working / PICTURES).glob("*.png")):
        pictures.append(picture.replace(out / PICTURES / picture.name))
    (working / TABLE).replace(out / TABLE)
    return Measurement(out, pipelines, tuple(pictures))


def _row(row: Mapping[str, str]) -> Pipeline:
    types = {"str": str, "float": float, "int": int}
    return Pipeline(
        **{field.name: types[str(field.type)](row[field.name]) for field in fields(Pipeline)}
    )
