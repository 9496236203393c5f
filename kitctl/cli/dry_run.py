"""`kitctl dry-run`."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import DataOption, EnvOption, SetOption, whole_folder
from kitctl.errors import Hint, NextCommand, RunFailed, UsageError
from kitctl.render.output import CommandResult


@command(
    "dry-run",
    examples=[
        "kitctl dry-run",
        "kitctl dry-run --photos 8 --epochs 2",
        "kitctl dry-run --data me/my-photos=photos -- --lr 0.1",
    ],
    takes_script_arguments=True,
)
def dry_run(
    context: CommandContext,
    *,
    full: Annotated[bool, typer.Option("--full", help="All photos and all epochs.")] = False,
    photos: Annotated[
        int | None,
        typer.Option(
            "--photos", metavar="N", min=1, help="Photos per class and split; default: 40."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="Epochs; default: 2.")
    ] = None,
    data: DataOption = None,
    settings: SetOption = None,
    env: EnvOption = None,
    python: Annotated[
        Path | None,
        typer.Option(
            "--python", metavar="PATH", help="Run it by this Python, whose packages it then has."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "--keep", metavar="DIR", help="Where; default: results/<slug>/dry-run/."
        ),
    ] = None,
) -> CommandResult:
    """Run here the script that push would send.

    The very script runs on the CPU, in a folder laid out like Kaggle's, on a small share of the
    data. Then its outputs are checked: the model reloads and predicts the same, the history has
    every epoch, the manifest matches.

    A notebook runs from top to bottom. The run sees no file of yours but its inputs, and what it
    installs is thrown away. KITCTL_SECRET_<LABEL>=VALUE in the environment is what its
    kaggle_secrets returns.

    What follows -- are the script's own arguments: kitctl dry-run -- --lr 0.1
    """
    from kitctl.operations import dry_run as operation
    from kitctl.operations.local_runs.prepare_run import prepare_run
    from kitctl.operations.local_runs.prepare_sources import added_datasets
    from kitctl.operations.planning.attached_data import attached_folders
    from kitctl.operations.planning.launch_options import check_arguments, parse_environment
    from kitctl.operations.planning.overrides import parse_overrides
    from kitctl.operations.project.read_metadata import read_metadata
    from kitctl.render.dry_run import draw_dry_run
    from kitctl.sandbox import runner

    if full and (photos or epochs):
        raise UsageError("--full means all photos and epochs: leave out --photos and --epochs.")
    overrides = parse_overrides(settings or [])
    config = context.configure(photos=photos, epochs=epochs)
    plan, mounts = prepare_run(
        context.project,
        config,
        context.console,
        overrides=overrides,
        data=data or [],
        arguments=check_arguments(context.script_arguments),
        environment=parse_environment(env or []),
    )
    if epochs and "epochs" not in plan.settings:
        context.console.warn("--epochs has no effect: this script has no such setting.")
    # A setting of --set is meant as it is, unless the dry run's own option replaces it.
    scale = operation.Scale(
        photos=0 if full or ("photos_per_class" in overrides and not photos) else config.photos,
        epochs=0 if full or ("epochs" in overrides and not epochs) else config.epochs,
    )
    with attached_folders(plan, context.console, for_kaggle=False) as folders:
        result = operation.dry_run(
            plan,
            {**mounts, **{f"datasets/local/{name}": path for name, path in folders.items()}},
            scale,
            out=whole_folder(out) if out else context.results_folder(plan.metadata.slug, "dry-run"),
            runner=partial(runner.start, python=python),
            reporter=context.console,
        )
    wrong = ", ".join(check.name for check in result.checks if not check.ok)
    if wrong:
        failure = RunFailed(
            f"The run ended, but its outputs are not as they should be: {wrong}.",
            code="check_failed",
            hint=f"Its outputs and log are in {result.out}",
        )
        return CommandResult(result, draw_dry_run, failure)
    own = read_metadata(context.project).metadata.sources
    added = [f"{name}={folder}" for name, folder in added_datasets(own, data or []).items()]
    hint: Hint = (
        NextCommand("push", "--local --follow"),
        "   (or, with an account: ",
        NextCommand("push", " ".join(f"--data {shlex.quote(option)}" for option in added)),
        ")",
    )
    if python:
        # The local Kaggle runs jobs by kitctl's own Python.
        hint = NextCommand("push", "--follow", "with an account")
    return CommandResult(result, draw_dry_run, hint=hint)
