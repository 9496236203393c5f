"""Results of runs as a pull leaves them, written without a run."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kitctl.adapters.results_records import write_run
from kitctl.domain.results.files import RunIdentity


def write_results(
    folder: Path,
    run: str = "",
    *,
    history: Mapping[str, Sequence[float]] | None = None,
    metrics: Mapping[str, Any] | None = None,
    report: Mapping[str, Any] | None = None,
    log: str = "",
) -> Path:
    """Write a run's history.csv, metrics.json, run.json and log.txt; return the folder.

    `run` is its service and name, such as "local local/cars/3"; without it the folder does not say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if run:
        write_run(folder, RunIdentity(run, "", "", ""))
    if history:
        with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["epoch", *history])
            for epoch, values in enumerate(zip(*history.values(), strict=True), 1):
                rows.writerow([epoch, *values])
    for name, content in (("metrics.json", metrics), ("run.json", report)):
        if content is not None:
            (folder / name).write_text(json.dumps(content), "utf-8")
    if log:
        (folder / "log.txt").write_text(log, "utf-8")
    return folder
