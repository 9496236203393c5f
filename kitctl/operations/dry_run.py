"""`dry-run`: run the script that would be pushed here, on a small share of the data."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kitctl.domain.results import run_report
from kitctl.errors import Interrupted, InvalidInput, NextCommand
from kitctl.operations.local_runs import outputs
from kitctl.operations.local_runs.local_run import ScriptRun
from kitctl.operations.local_runs.outputs import Artifact, OutputCheck, SkippedPhoto
from kitctl.operations.local_runs.scratch_folder import scratch_folder
from kitctl.operations.local_runs.subset import link_subset
from kitctl.packing.plan import Plan
from kitctl.ports import Reporter, Runner

LOG_NAME = "dry-run.log"
_EPOCH = re.compile(r"epoch (\d+)/(\d+)\b")


@dataclass(frozen=True)
class Scale:
    """How small a dry run is: photos per class and split, and epochs; 0 is all of them."""

    photos: int
    epochs: int

    def overrides(self, plan: Plan) -> dict[str, int]:
        """Return the job's own settings that make it so small, and never larger than it is."""
        settings = plan.settings
        small = {}
        if self.photos and "photos_per_class" in settings:
            small["photos_per_class"] = _smaller(settings["photos_per_class"], self.photos)
        for name in ("epochs", "fine_tune_epochs"):
            # A job without that phase has nothing to shorten.
            if self.epochs and settings.get(name):
                small[name] = _smaller(settings[name], self.epochs)
        return {name: value for name, value in small.items() if value != settings[name]}

    def subset(self, plan: Plan, mounts: Mapping[str, Path], folder: Path) -> Mapping[str, Path]:
        """Return the inputs, made small below `folder` for a script that has no setting for it."""
        if not self.photos or "photos_per_class" in plan.settings:
            return mounts
        return {
            mount: link_subset(source, self.photos, folder / mount)
            for mount, source in mounts.items()
        }


def _smaller(setting: Any, limit: int) -> Any:
    """Return the smaller one; a setting of 0 means all, and the job judges what is no number."""
    if not isinstance(setting, int):
        return setting
    return min(setting, limit) if setting else limit


@dataclass(frozen=True)
class DryRunResult:
    """A dry run that reached its end: where its outputs are, and what the checks say of them."""

    script_sha256: str
    seconds: float
    out: Path
    metrics: Mapping[str, float]
    epochs: int | None
    artifacts: tuple[Artifact, ...]
    checks: tuple[OutputCheck, ...]
    skipped_photos: tuple[SkippedPhoto, ...]
    phase_seconds: Mapping[str, float]
    reading: str
    isolation: str
    warnings: tuple[str, ...]
    content: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**self.content, **{name: own[name] for name in own if name != "content"}}

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def dry_run(
    plan: Plan,
    mounts: Mapping[str, Path],
    scale: Scale,
    *,
    out: Path,
    runner: Runner,
    reporter: Reporter,
) -> DryRunResult:
    """Run the plan's script, check its outputs and move them to `out` in one step.

    Raises RunFailed where the script fails (its outputs and log are then kept beside `out`),
    InvalidInput where the job says that its settings or data are wrong, Interrupted on Ctrl-C
    (nothing is kept).
    """
    _require_python(plan)
    if plan.settings.get("task") == "pipelines":
        raise InvalidInput(
            "With task = pipelines the job measures pipelines and trains nothing.",
            code="no_training",
            hint=NextCommand("pipelines", note="measures them here"),
        )
    failed_out = out.with_name(f"{out.name}-failed")
    for folder in (out, failed_out):
        _require_replaceable(folder)
    with scratch_folder(out) as root:
        script = ScriptRun(plan, root, runner)
        try:
            subset = scale.subset(plan, mounts, root / "share")
            started = time.monotonic()
            code = _run(script, subset, scale.overrides(plan), reporter)
            if code != 0:
                script.write_log(LOG_NAME)
                script.move_outputs(failed_out)
                hint = f"Its outputs and log were kept: {failed_out / LOG_NAME}"
                raise script.failure(code, hint)
            result = _checked_result(plan, script, out, started, reporter)
            script.write_log(LOG_NAME)
            script.move_outputs(out)
            return result
        except KeyboardInterrupt:
            raise Interrupted(
                "The dry run was stopped with all its processes; nothing of it was kept.",
                hint=NextCommand("dry-run"),
            ) from None


def _run(
    script: ScriptRun, mounts: Mapping[str, Path], overrides: Mapping[str, int], reporter: Reporter
) -> int:
    """Run the script to its end and return its exit code."""
    with reporter.progress("dry run", unit="epochs") as bar:

        def show(line: str) -> None:
            bar.log(line)
            if epoch := _EPOCH.match(line):
                bar.update(completed=int(epoch[1]), total=int(epoch[2]))

        environment = {"KITCTL_OVERRIDES": json.dumps(overrides)} if overrides else {}
        script.start(mounts, show, reporter, environment)
        return script.wait()


def _checked_result(
    plan: Plan, script: ScriptRun, out: Path, started: float, reporter: Reporter
) -> DryRunResult:
    """Check the outputs of a script that ended well."""
    checks, answer = _script_checks(plan, script, reporter)
    artifacts = outputs.list_artifacts(script.working)
    report = outputs.read_report(script.working)
    return DryRunResult(
        script_sha256=plan.script_sha256,
        seconds=time.monotonic() - started,
        out=out,
        metrics=run_report.numbers(answer.get("metrics") or report.get("metrics")),
        epochs=answer.get("epochs", report.get("epochs")),
        artifacts=artifacts,
        checks=(*outputs.general_checks(artifacts), *checks),
        skipped_photos=outputs.skipped_photos(report.get("skipped_photos")),
        phase_seconds=run_report.numbers(report.get("seconds")),
        reading=run_report.verdict(report),
        isolation=script.isolation,
        warnings=plan.warnings,
        content=plan.content_data(),
    )


def _script_checks(
    plan: Plan, script: ScriptRun, reporter: Reporter
) -> tuple[tuple[OutputCheck, ...], dict[str, Any]]:
    """Return the checks that the script itself makes of its outputs, and its whole answer."""
    if "KITCTL_VERIFY" not in plan.variables:
        return (), {}
    with reporter.progress("checking what the run left"):
        line = script.ask("KITCTL_VERIFY")
    try:
        answer: dict[str, Any] = json.loads(line)
        return outputs.script_checks(answer), answer
    except (ValueError, KeyError, TypeError):
        return (OutputCheck("the script could check its outputs", False, line.strip()[:200]),), {}


def _require_python(plan: Plan) -> None:
    if plan.metadata.language != "python":
        raise InvalidInput(
            f"{plan.metadata.code_file} cannot run here: this machine runs Python only.",
            code="not_runnable",
            hint=(NextCommand("push"), " sends it to Kaggle, where it can run"),
        )


def _require_replaceable(folder: Path) -> None:
    empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not empty and not (folder / LOG_NAME).is_file():
        raise InvalidInput(
            f"{folder} holds files that no dry run has left; it was not touched.",
            code="out_in_use",
            hint="Choose an empty or a new folder with --out",
        )
