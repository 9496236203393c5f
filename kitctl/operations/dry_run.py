"""`dry-run`: the very script that would be pushed, run here on a small share of the data."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kitctl.errors import Interrupted, InvalidInput, KitError, NextCommand
from kitctl.operations.shared import local_run, outputs
from kitctl.operations.shared.local_run import OnLine
from kitctl.operations.shared.outputs import DryRunResult, OutputCheck
from kitctl.operations.shared.reporter import ProgressBar, Reporter
from kitctl.operations.shared.subset import link_subset
from kitctl.packing.bundle import Plan
from kitctl.ports import LocalRun, Runner

LOG_NAME = "dry-run.log"
LAST_LINES = 8
_EPOCH = re.compile(r"^epoch (\d+)/(\d+)\b")


@dataclass(frozen=True)
class Scale:
    """How much of the job is rehearsed; 0 is all of it."""

    photos: int
    epochs: int

    def overrides(self, plan: Plan) -> dict[str, int]:
        """The job's own settings that make it so small; never larger than the job itself."""
        settings = plan.settings
        small = {}
        if self.photos and "photos_per_class" in settings:
            small["photos_per_class"] = _smaller(settings["photos_per_class"], self.photos)
        for name in ("epochs", "fine_tune_epochs"):
            # Without such a stage there is nothing to shorten.
            if self.epochs and settings.get(name):
                small[name] = _smaller(settings[name], self.epochs)
        return {name: value for name, value in small.items() if value != settings[name]}

    def thinned(self, plan: Plan, mounts: Mapping[str, Path], root: Path) -> Mapping[str, Path]:
        """The inputs, made small here for a script that cannot do it by itself."""
        if not self.photos or "photos_per_class" in plan.settings:
            return mounts
        return {
            mount: link_subset(folder, self.photos, root / "share" / mount)
            for mount, folder in mounts.items()
        }


def _smaller(asked: int, value: int) -> int:
    return min(asked, value) if asked else value


def dry_run(
    plan: Plan,
    mounts: Mapping[str, Path],
    scale: Scale,
    *,
    out: Path,
    runner: Runner,
    reporter: Reporter,
) -> DryRunResult:
    """Runs the plan's script, checks what it leaves, and puts that into `out`, whole.

    Raises RunFailed (its outputs and log are then kept beside `out`), InvalidInput where the job
    says that its settings or data are wrong, Interrupted on Ctrl-C (nothing is kept).
    """
    for folder in (out, _beside(out)):
        _require_replaceable(folder)
    out.parent.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        played = _Stage(plan, root, scale.thinned(plan, mounts, root), runner, reporter)
        started = time.monotonic()
        overrides = scale.overrides(plan)
        code = played.play({"KITCTL_OVERRIDES": json.dumps(overrides)} if overrides else {})
        if code != 0:
            raise _failure(code, played, out)
        checks, answer = _checked(plan, played)
        files = outputs.artifacts(played.working)
        report = outputs.report(played.working)
        result = DryRunResult(
            script_sha256=plan.script_sha256,
            seconds=time.monotonic() - started,
            out=out,
            metrics=outputs.numbers(answer.get("metrics") or report.get("metrics")),
            epochs=answer.get("epochs", report.get("epochs")),
            artifacts=files,
            checks=(*outputs.general_checks(files), *checks),
            skipped_photos=outputs.skipped_photos(report.get("skipped_photos")),
            phase_seconds=outputs.numbers(report.get("seconds")),
            reading=str((report.get("reading") or {}).get("words", "")),
            isolation=played.isolation,
            warnings=plan.warnings,
        )
        played.keep_as(out)
        return result
    except KeyboardInterrupt:
        raise Interrupted(
            "The dry run was stopped with all its processes; nothing of it was kept.",
            hint=NextCommand("dry-run"),
        ) from None
    finally:
        local_run.clear(root)


@dataclass
class _Stage:
    """The folder a dry run plays in, and what was heard of it."""

    plan: Plan
    root: Path
    mounts: Mapping[str, Path]
    runner: Runner
    reporter: Reporter
    isolation: str = ""
    log: list[str] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    @property
    def working(self) -> Path:
        return self.root / "working"

    def play(self, environment: Mapping[str, str]) -> int:
        """Runs the script to its end and returns its exit code."""
        with self.reporter.progress("dry run", unit="epochs") as bar:

            def hear(stream: str, line: str, seconds: float) -> None:
                self.log.append(f"{seconds:9.2f} {stream} {line.rstrip()}\n")
                # A progress bar of the script's own redraws its line: the last state is enough.
                self.last.append(line.rstrip().rpartition("\r")[2])
                bar.log(self.last[-1])
                _follow_epochs(bar, line)

            run = self._start(environment, hear)
            self.isolation = run.isolation
            self.reporter.hint(run.isolation)
            return local_run.finish(run)

    def ask(self, variable: str) -> str:
        """What the script answers on stdout, in the same folder, to one of kitctl's variables."""
        heard: list[str] = []
        with self.reporter.progress("checking what the run left"):
            run = self._start(
                {variable: "1"},
                lambda stream, line, _: heard.append(line) if stream == "stdout" else None,
            )
            local_run.finish(run)
        return heard[-1] if heard else ""

    def keep_as(self, folder: Path) -> None:
        """Puts the outputs and the log where the folder is, in one step."""
        (self.working / LOG_NAME).write_text("".join(self.log), "utf-8")
        old = self.root / "old"
        if folder.exists():
            folder.rename(old)
        self.working.rename(folder)

    def _start(self, environment: Mapping[str, str], hear: OnLine) -> LocalRun:
        return local_run.start(
            self.plan,
            self.mounts,
            self.root,
            runner=self.runner,
            environment=environment,
            on_line=hear,
        )


def _follow_epochs(bar: ProgressBar, line: str) -> None:
    epoch = _EPOCH.match(line)
    if epoch:
        bar.update(completed=int(epoch[1]), total=int(epoch[2]))


def _checked(plan: Plan, played: _Stage) -> tuple[tuple[OutputCheck, ...], dict[str, Any]]:
    """The script's own checks, where it has some."""
    if "KITCTL_VERIFY" not in plan.variables:
        return (), {}
    said = played.ask("KITCTL_VERIFY")
    try:
        answer: dict[str, Any] = json.loads(said)
        return outputs.own_checks(answer), answer
    except (ValueError, KeyError, TypeError):
        return (OutputCheck("the script could check its outputs", False, said.strip()[:200]),), {}


def _beside(out: Path) -> Path:
    """Where a failed run's files are kept, so that the last good ones stay in `out`."""
    return out.with_name(f"{out.name}-failed")


def _require_replaceable(out: Path) -> None:
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not (out / LOG_NAME).is_file():
        raise InvalidInput(
            f"{out} holds files that no dry run has left; it was not touched.",
            code="out_in_use",
            hint="Choose an empty or a new folder with --out",
        )


def _failure(code: int, played: _Stage, out: Path) -> KitError:
    """What the script's exit code means; its files are kept beside `out`."""
    kept = _beside(out)
    played.keep_as(kept)
    told = f"Its outputs and log were kept: {kept / LOG_NAME}"
    return local_run.failure(played.plan, code, played.last, told)
