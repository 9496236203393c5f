"""`pipelines`: the packed job measures its input pipelines on a folder of photos, here."""

from __future__ import annotations

import csv
import re
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kitctl.errors import Interrupted, InvalidInput, NextCommand
from kitctl.operations.shared import local_run
from kitctl.operations.shared.prepare_sources import StandIn
from kitctl.operations.shared.reporter import Reporter
from kitctl.packing.bundle import Plan
from kitctl.ports import LocalRun, Runner

TASK = "pipelines"
TABLE = "pipelines.csv"
PICTURES = "timelines"
GIVEN = "local/photos"
"""The data set as which a folder named on the command line is mounted."""

_MEASURED = re.compile(r"^pipeline (\w+) ")


@dataclass(frozen=True)
class Pipeline:
    """One row of the table; speeds are medians, memory 0 where the system does not tell."""

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
    """The pipelines as measured, and where the table and the pictures are."""

    out: Path
    pipelines: tuple[Pipeline, ...]
    pictures: tuple[Path, ...]


def given(folder: Path) -> StandIn:
    """A folder named on the command line as a source; one with a recipe stands for its files."""
    return StandIn(GIVEN, f"datasets/{GIVEN}", folder)


def settings_for(data: Path | None, read_delay_ms: float) -> dict[str, Any]:
    """The settings of a job that measures instead of training, on `data` or on its own photos.

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
    return {**settings, "data": GIVEN, "train_folder": train, "valid_folder": valid}


def measure(
    plan: Plan, mounts: Mapping[str, Path], *, out: Path, runner: Runner, reporter: Reporter
) -> Measurement:
    """Runs the plan's script and puts its table and pictures into `out`.

    Raises InvalidInput where the job says that its data are wrong, RunFailed where it breaks,
    Interrupted on Ctrl-C; `out` is then as it was.
    """
    out.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=".measuring-", dir=out))
    try:
        run, last = _start(plan, mounts, root, runner, reporter)
        code = local_run.finish(run)
        if code:
            raise local_run.failure(plan, code, last, NextCommand("pipelines", "--data DIR"))
        return _kept(run.working, out)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Measuring was stopped with all its processes; {out} is as it was.",
            hint=NextCommand("pipelines"),
        ) from None
    finally:
        local_run.clear(root)


def _start(
    plan: Plan, mounts: Mapping[str, Path], root: Path, runner: Runner, reporter: Reporter
) -> tuple[LocalRun, deque[str]]:
    last: deque[str] = deque(maxlen=3)

    def hear(stream: str, line: str, seconds: float) -> None:
        last.append(line.strip())
        if _MEASURED.match(line):
            reporter.info(line.strip())

    reporter.info("Measuring each pipeline in a process of its own.")
    run = local_run.start(plan, mounts, root, runner=runner, environment={}, on_line=hear)
    return run, last


def _kept(working: Path, out: Path) -> Measurement:
    """Moves table and pictures to `out`, over those of an earlier measurement."""
    with (working / TABLE).open(encoding="utf-8", newline="") as file:
        pipelines = tuple(_row(row) for row in csv.DictReader(file))
    (out / PICTURES).mkdir(exist_ok=True)
    pictures = []
    for picture in sorted((working / PICTURES).glob("*.png")):
        pictures.append(picture.replace(out / PICTURES / picture.name))
    (working / TABLE).replace(out / TABLE)
    return Measurement(out, pipelines, tuple(pictures))


def _row(row: Mapping[str, str]) -> Pipeline:
    kinds = {"str": str, "float": float, "int": int}
    return Pipeline(
        **{each.name: kinds[str(each.type)](row[each.name]) for each in fields(Pipeline)}
    )
