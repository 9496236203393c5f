"""`sweep`: many heads on one feature store, in one run of the packed job, here."""

from __future__ import annotations

import csv
import json
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.errors import Interrupted, InvalidInput, NextCommand
from kitctl.operations.shared import local_run, outputs
from kitctl.operations.shared.overrides import parse_overrides
from kitctl.operations.shared.reporter import Reporter
from kitctl.packing.bundle import Plan
from kitctl.ports import Runner

TABLE = "heads.csv"
LOG_NAME = "sweep.log"
LAST_LINES = 8

_GROUP = re.compile(r"^epoch (\d+)/(\d+) ")


@dataclass(frozen=True)
class SweepHead:
    """One combination of the grid and how it went."""

    settings: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class SweepResult:
    """The heads, the least validation loss first, and where everything is."""

    out: Path
    heads: tuple[SweepHead, ...]
    seconds: float
    phase_seconds: Mapping[str, float]
    pictures: tuple[Path, ...]
    isolation: str


def settings_for(words: list[str]) -> dict[str, Any]:
    """`KEY=V1,V2` words as the settings of a job that sweeps; a lone value is a plain setting.

    Raises InvalidInput where no word names more than one value.
    """
    grid, plain = {}, {}
    for word in words:
        key, equals, text = word.partition("=")
        values = _values(text)
        if equals and len(values) > 1:
            grid[key.strip()] = values
        else:
            plain.update(parse_overrides([word]))
    if not grid:
        raise InvalidInput(
            "A sweep needs a setting with several values.",
            code="settings",
            hint=NextCommand("sweep", "--set learning_rate=1e-2,1e-3 --set units=6,32,128"),
        )
    return {**plain, "task": "sweep", "sweep": grid}


def _values(text: str) -> list[Any]:
    """`6,32` or `[6],[32,16]`: commas inside brackets do not part values."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [parse_overrides([f"value={part}"])["value"] for part in parts if part.strip()]


def sweep(
    plan: Plan, mounts: Mapping[str, Path], *, out: Path, runner: Runner, reporter: Reporter
) -> SweepResult:
    """Runs the plan's script and puts what it leaves into `out`.

    What a stopped sweep had done is kept, and the same command goes on from there. Raises
    InvalidInput where the job says that its settings or data are wrong, RunFailed where it breaks,
    Interrupted on Ctrl-C.
    """
    root = _unfinished(plan, out)
    last: deque[str] = deque(maxlen=LAST_LINES)
    log: list[str] = []
    started = time.monotonic()
    try:
        with reporter.progress("sweep", unit="epochs") as bar:

            def hear(stream: str, line: str, seconds: float) -> None:
                log.append(f"{seconds:9.2f} {stream} {line.rstrip()}\n")
                last.append(line.rstrip())
                bar.log(last[-1])
                if epoch := _GROUP.match(line):
                    bar.update(completed=int(epoch[1]), total=int(epoch[2]))

            run = local_run.start(plan, mounts, root, runner=runner, environment={}, on_line=hear)
            reporter.hint(run.isolation)
            code = local_run.finish(run)
    except KeyboardInterrupt:
        raise Interrupted(
            "The sweep was stopped; the heads trained so far are kept.",
            hint="The same command goes on from there",
        ) from None
    (root / "working" / LOG_NAME).write_text("".join(log), "utf-8")
    if code:
        raise local_run.failure(plan, code, last, f"Its log is {root / 'working' / LOG_NAME}")
    _put(root, out)
    return SweepResult(
        out=out,
        heads=_heads(out / TABLE, list(plan.settings["sweep"])),
        seconds=time.monotonic() - started,
        phase_seconds=outputs.numbers(outputs.report(out).get("seconds")),
        pictures=tuple(sorted((out / "plots").glob("*.png"))),
        isolation=run.isolation,
    )


def _unfinished(plan: Plan, out: Path) -> Path:
    """The folder of this very sweep, as an earlier call may have left it."""
    if out.exists() and any(out.iterdir()) and not (out / TABLE).is_file():
        raise InvalidInput(
            f"{out} holds files that no sweep has left; it was not touched.",
            code="out_in_use",
            hint="Choose an empty or a new folder with --out",
        )
    root = out.with_name(f".{out.name}-{plan.script_sha256[:12]}")
    local_run.clear_inputs(root)
    root.mkdir(parents=True, exist_ok=True)
    return root


def _put(root: Path, out: Path) -> None:
    """The finished sweep takes the place of an earlier one."""
    if out.exists():
        out.rename(root / "old")
    (root / "working").rename(out)
    local_run.clear(root)


def _heads(table: Path, varied: list[str]) -> tuple[SweepHead, ...]:
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
