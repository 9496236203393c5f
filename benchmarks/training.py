"""Time of the training job against the course's own loop, with the same photos and weights."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import real_inputs
import table
from job import run_in, run_job
from processes import Measurement

EPOCHS = 30
# Phases of a run that the course's loop does not have.
OTHER_PHASES = ("setup", "plots", "export")


def rows(*, quick: bool) -> list[table.Row]:
    """Compare VGG16 with real weights on real photographs with the course's loop."""
    per_class = {"train": 3, "valid": 1} if quick else {"train": 75, "valid": 25}
    repeats = 1 if quick else 3
    with tempfile.TemporaryDirectory(prefix="bench-training-") as folder:
        root = Path(folder)
        weights = real_inputs.lay_out(root / "input", per_class)
        runs: list[tuple[dict[str, Any], Measurement]] = []
        again: list[tuple[dict[str, Any], Measurement]] = []
        for number in range(repeats):
            first = root / f"run-{number}"
            runs.append(run_job(first, base="vgg16", epochs=EPOCHS))
            again.append(
                run_job(
                    root / f"again-{number}",
                    base="vgg16",
                    epochs=EPOCHS,
                    units=[16],
                    learning_rate=0.01,
                    plots=False,
                    reuse_features=str(first),
                )
            )
        course = run_course(root / "course", weights)
        difference = largest_difference(course["history"], root / "run-0" / "history.csv")
    trained = [training_seconds(run) for run, _ in runs]
    retrained = [training_seconds(run) for run, _ in again]
    whole = course["process_seconds"] / min(measured.seconds for _, measured in runs)
    photos = 2 * sum(per_class.values())
    against = f"the course's loop, {course['seconds']:.0f} s"
    return [
        table.Row.of(
            f"VGG16, {EPOCHS} epochs, {photos} photos",
            against,
            [course["seconds"] / seconds for seconds in trained],
            "≥ 20",
            f"difference of all metrics {difference}; whole process {whole:.1f}",
        ),
        table.Row.of(
            "another head, features reused",
            against,
            [course["seconds"] / seconds for seconds in retrained],
            "≥ 100",
        ),
    ]


def run_course(working: Path, weights: Path) -> dict[str, Any]:
    """Run the course's loop in its own process; return its history.json and `process_seconds`."""
    working.mkdir()
    loop = Path(__file__).with_name("course_loop.py")
    measured = run_in(working, [sys.executable, loop, weights, str(EPOCHS)])
    report = json.loads((working / "history.json").read_text("utf-8"))
    return {**report, "process_seconds": measured.seconds}


def training_seconds(run: dict[str, Any]) -> float:
    """Return the seconds from the photos to the trained head."""
    seconds = run["seconds"]
    return float(seconds["total"] - sum(seconds.get(phase, 0.0) for phase in OTHER_PHASES))


def largest_difference(course: dict[str, list[float]], history: Path) -> float:
    """Return the largest difference of any metric in any epoch."""
    with history.open(encoding="utf-8", newline="") as lines:
        ours = list(csv.DictReader(lines))
    return max(
        abs(float(epoch[name]) - value)
        for name, values in course.items()
        for epoch, value in zip(ours, values, strict=True)
    )


if __name__ == "__main__":
    table.main(rows)
