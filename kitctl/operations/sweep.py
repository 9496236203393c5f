"""`sweep`: train many heads on one feature store, in one run of the packed job on this machine."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.results import run_report
from kitctl.domain.runs.search_space import SearchSpace, Values, setting_value, varies
from kitctl.errors import Interrupted, InvalidInput, NextCommand
from kitctl.operations.local_runs import outputs
from kitctl.operations.local_runs.local_run import ScriptRun
from kitctl.operations.planning.overrides import parse_overrides, split_values
from kitctl.packing.plan import Plan
from kitctl.ports import Reporter, Runner

TABLE = "heads.csv"
LOG_NAME = "sweep.log"

_EPOCH = re.compile(r"epoch (\d+)/(\d+) ")


@dataclass(frozen=True)
class SweepHead:
    """One combination of the grid's values, and its metrics."""

    settings: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class SweepResult:
    """The heads, the least validation loss first, and where their files are."""

    out: Path
    heads: tuple[SweepHead, ...]
    seconds: float
    phase_seconds: Mapping[str, float]
    pictures: tuple[Path, ...]
    isolation: str


def sweep_settings(options: Sequence[str]) -> dict[str, Any]:
    """Return the settings of a job that sweeps, from `KEY=V1,V2` options.

    A key with one value is a plain setting. Raises InvalidInput where no key has more than one.
    """
    grid, plain = {}, {}
    for option in options:
        key, equals, text = option.partition("=")
        values = split_values(text)
        if equals and len(values) > 1:
            grid[key.strip()] = [parse_overrides([f"value={each}"])["value"] for each in values]
        else:
            plain.update(parse_overrides([option]))
    if not grid:
        raise InvalidInput(
            "A sweep needs a setting with several values.",
            code="settings",
            hint=NextCommand("sweep", "--set learning_rate=1e-2,1e-3 --set units=6,32,128"),
        )
    return {**plain, "task": "sweep", "sweep": grid}


def sampled_sweep_settings(space: SearchSpace, chosen: Sequence[Values]) -> dict[str, Any]:
    """Return the settings of a job that sweeps over chosen combinations, a head each.

    A parameter with one value is a plain setting.
    """
    plain, columns = {}, {}
    for name, parameter in space.items():
        column = [setting_value(parameter, values[name]) for values in chosen]
        if varies(parameter):
            columns[name] = column
        else:
            plain[name] = column[0]
    return {**plain, "task": "sweep", "sweep": columns, "sweep_by": "row"}


def sweep(
    plan: Plan, mounts: Mapping[str, Path], *, out: Path, runner: Runner, reporter: Reporter
) -> SweepResult:
    """Run the plan's script and move its outputs to `out`.

    An interrupted sweep keeps the heads that it has trained; the same call continues from there.

    Raises InvalidInput where the job says that its settings or data are wrong, RunFailed where the
    script fails, Interrupted on Ctrl-C.
    """
    _require_own_folder(out)
    # One folder a sweep, so that a second call finds what an interrupted one has left.
    root = out.with_name(f".{out.name}-{plan.script_sha256[:12]}")
    script = ScriptRun(plan, root, runner)
    script.clear_inputs()
    root.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        code = _run(script, mounts, reporter)
    except KeyboardInterrupt:
        raise Interrupted(
            "The sweep was stopped; the heads trained so far are kept.",
            hint="The same command goes on from there",
        ) from None
    script.write_log(LOG_NAME)
    if code:
        raise script.failure(code, f"Its log is {script.working / LOG_NAME}")
    script.move_outputs(out)
    script.clear()
    return SweepResult(
        out=out,
        heads=_read_heads(out / TABLE, list(plan.settings["sweep"])),
        seconds=time.monotonic() - started,
        phase_seconds=run_report.numbers(outputs.read_report(out).get("seconds")),
        pictures=tuple(sorted((out / "plots").glob("*.png"))),
        isolation=script.isolation,
    )


def _require_own_folder(out: Path) -> None:
    is_empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not is_empty and not (out / TABLE).is_file():
        raise InvalidInput(
            f"{out} holds files that no sweep has left; it was not touched.",
            code="out_in_use",
            hint="Choose an empty or a new folder with --out",
        )


def _run(script: ScriptRun, mounts: Mapping[str, Path], reporter: Reporter) -> int:
    """Run the script to its end and return its exit code."""
    with reporter.progress("sweep", unit="epochs") as bar:

        def show(line: str) -> None:
            bar.log(line)
            if epoch := _EPOCH.match(line):
                bar.update(completed=int(epoch[1]), total=int(epoch[2]))

        script.start(mounts, show, reporter)
        return script.wait()


def _read_heads(table: Path, varied: Sequence[str]) -> tuple[SweepHead, ...]:
    with table.open(encoding="utf-8", newline="") as rows:
        return tuple(
            SweepHead(
                {name: json.loads(row[name]) for name in varied},
                {
                    name: float(value)
                    for name, value in row.items()
                    if name not in varied and name != "rank"
                },
            )
            for row in csv.DictReader(rows)
        )
