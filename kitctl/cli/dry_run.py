"""`kitctl dry-run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.cli.package import SetOption
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "dry-run")(dry_run)


def dry_run(
    invocation: Invocation,
    full: Annotated[bool, typer.Option("--full", help="All photos and all epochs.")] = False,
    photos: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Photos per class and split; default: 40."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Epochs; default: 2.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data", metavar="SLUG=DIR", help="A folder that stands for a Kaggle source."
        ),
    ] = None,
    settings: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "--keep", metavar="DIR", help="Where; default: results/<slug>/dry-run/."
        ),
    ] = None,
) -> CommandResult:
    """Rehearse here the script that push would send.

    The very script runs on the CPU, in a folder laid out like Kaggle's, on a small share of the
    data. Then what it left is checked: the model reloads and predicts the same, the history has
    every epoch, the manifest matches.
    """
    from kitctl.errors import RunFailed, UsageError
    from kitctl.operations import dry_run
    from kitctl.operations.shared import prepare_sources
    from kitctl.operations.shared.overrides import parse_overrides
    from kitctl.operations.shared.plan_job import plan_job
    from kitctl.render.dry_run import draw_rehearsal
    from kitctl.sandbox import runner

    if full and (photos or epochs):
        raise UsageError("--full means all photos and epochs: leave out --photos and --epochs.")
    overrides = parse_overrides(settings or [])
    configured = invocation.settings(photos=photos, epochs=epochs)
    plan = plan_job(invocation.project, overrides=overrides, accelerator=configured.accelerator)
    for warning in plan.warnings:
        invocation.console.warn(warning)
    if epochs and "epochs" not in plan.settings:
        invocation.console.warn("--epochs has no effect: this script has no such setting.")
    stand_ins = prepare_sources.stand_ins(
        invocation.project, plan.metadata.sources, configured.sources, data or []
    )
    mounts = prepare_sources.prepare(stand_ins, invocation.console)
    # What --set says by name is meant so, unless the dry run's own option says otherwise.
    scale = dry_run.Scale(
        photos=0 if full or ("photos_per_class" in overrides and not photos) else configured.photos,
        epochs=0 if full or ("epochs" in overrides and not epochs) else configured.epochs,
    )
    result = dry_run.dry_run(
        plan,
        mounts,
        scale,
        out=(out or _default_out(invocation.project, configured.results, plan.metadata.slug)),
        runner=runner.start,
        reporter=invocation.console,
    )
    if result.ok:
        hint = (
            NextCommand("push", "--local --follow"),
            "   (or, with an account: ",
            NextCommand("push"),
            ")",
        )
        return CommandResult(result, draw_rehearsal, hint=hint)
    wrong = ", ".join(check.name for check in result.checks if not check.ok)
    return CommandResult(
        result,
        draw_rehearsal,
        RunFailed(
            f"The run ended, but what it left is not as it should be: {wrong}.",
            code="check_failed",
            hint=f"Its outputs and log are in {result.out}",
        ),
    )


def _default_out(project: Path, results: str, slug: str) -> Path:
    return project / results / slug / "dry-run"
