"""`kitctl package`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import EnvOption, SetOption
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


class ServiceName(StrEnum):
    """Another service that runs packaged jobs."""

    SKY = "sky"
    HF = "hf"


@command(
    "package",
    examples=[
        "kitctl package",
        "kitctl package --out there --set epochs=5",
        "kitctl package --for sky",
    ],
    takes_script_arguments=True,
)
def package(
    context: CommandContext,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: package/ in the project."),
    ] = None,
    service: Annotated[
        ServiceName | None,
        typer.Option("--for", help="Add the files that run the job on SkyPilot or HF Jobs."),
    ] = None,
    settings: SetOption = None,
    env: EnvOption = None,
) -> CommandResult:
    """Write the folder that push would send.

    It holds script.py and kernel-metadata.json, and the official client takes it as it is: kaggle
    kernels push -p DIR. The same input gives the same bytes. What follows -- are the script's own
    arguments.
    """
    from kitctl.operations.package import write_package, write_package_for
    from kitctl.operations.planning.launch_options import check_arguments, parse_environment
    from kitctl.operations.planning.overrides import parse_overrides
    from kitctl.operations.planning.plan_job import plan_job
    from kitctl.render.package import draw_packaged

    plan = plan_job(
        context.project,
        overrides=parse_overrides(settings or []),
        accelerator=context.config.accelerator,
        arguments=check_arguments(context.script_arguments),
        environment=parse_environment(env or []),
    )
    for warning in plan.offline_warnings:
        context.console.warn(warning)
    folder = out or context.project / "package"
    if folder.resolve() == context.project.resolve():
        raise UsageError(
            f"--out {out} is the project itself, whose own files a package would replace.",
            hint=NextCommand("package", without=("out",)),
        )
    if service:
        packaged = write_package_for(service, plan, folder)
        return CommandResult(packaged, draw_packaged, hint=packaged.command)
    packaged = write_package(plan, folder)
    hint = (f"{packaged.command}   (or: ", NextCommand("push"), ")")
    return CommandResult(packaged, draw_packaged, hint=hint)
