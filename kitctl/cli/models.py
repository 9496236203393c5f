"""`kitctl models …`: models on Kaggle."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import Group, command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.errors import UsageError
from kitctl.render.output import CommandResult

VARIATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@command(
    "push",
    examples=[
        "kitctl models push",
        "kitctl models push 12 --id me/cars --framework keras --variation small",
    ],
)
def push(
    context: CommandContext,
    *,
    run: RunArgument = None,
    id: Annotated[
        str, typer.Option("--id", metavar="MODEL", help="Its slug; default: the kernel's.")
    ] = "",
    framework: Annotated[
        str,
        typer.Option(
            "--framework",
            metavar="NAME",
            help="keras, tensorFlow2, pyTorch, scikitLearn, onnx, transformers, jax, flax, other.",
        ),
    ] = "keras",
    variation: Annotated[
        str, typer.Option("--variation", metavar="NAME", help="The variation's slug.")
    ] = "default",
    files: Annotated[
        list[str] | None,
        typer.Option("--files", metavar="GLOB", help="Files of the run; default: its export."),
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT")] = "",
    message: Annotated[
        str, typer.Option("-m", "--message", metavar="TEXT", help="Notes of the version.")
    ] = "",
    license: Annotated[str, typer.Option("--license", metavar="NAME")] = "Apache 2.0",
    public: Annotated[bool, typer.Option("--public", help="Everybody may use it.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also of a run that did not end well.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Make the model that a run left a model on Kaggle, or its next version.

    It is private unless you say --public, and only a changed one makes a version.
    """
    from tempfile import TemporaryDirectory

    from kitctl.adapters.push_state import LocalPushState
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.cli.datasets import dataset_ports, push_states
    from kitctl.domain.data.datasets import DatasetRef
    from kitctl.domain.data.models import FRAMEWORKS, framework_named
    from kitctl.operations.models import ModelOptions, push_model
    from kitctl.render.models import draw_push

    context.configure(local=local)
    known = framework_named(framework)
    if known is None:
        raise UsageError(
            f"{framework!r} is no framework of Kaggle's models.",
            code="bad_framework",
            hint=f"One of: {', '.join(FRAMEWORKS)}.",
        )
    target, client = context.find_run(run), context.client
    own = DatasetRef.parse(id or target.ref.kernel.slug, client.account)
    if not VARIATION.fullmatch(variation):
        raise UsageError(
            f"{variation!r} cannot be a variation's name.",
            code="bad_variation",
            hint="It has letters, digits, - and _ only, such as small-2.",
        )
    ref = DatasetRef(own.owner, f"{own.slug}/{known}/{variation.lower()}")

    def state(of: DatasetRef) -> LocalPushState:
        folder = f"model.{of.owner}.{of.slug}".replace("/", ".").lower()
        return LocalPushState(push_states(client.service) / folder)

    with TemporaryDirectory(prefix="kitctl-") as folder:
        result = push_model(
            target,
            ModelOptions(
                ref=ref,
                title=title,
                framework=known,
                files=tuple(files or ()),
                message=message,
                license=license,
                public=public,
                force=force,
            ),
            client,
            context.ledger,
            context.downloader,
            LocalResultsFolder(Path(folder)),
            replace(dataset_ports(context), datasets=client.models, state=state),
        )
    return CommandResult(result, draw_push)


models = Group("models", "Models on Kaggle, made of what runs leave.", [push])
