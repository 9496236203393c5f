"""The options that only `kitctl push` has; the command is in `push.py`."""

from __future__ import annotations

from typing import Annotated

import typer


def _accelerator_names(incomplete: str) -> list[str]:
    """Return the names that begin so, for completion."""
    from kitctl.domain.job.accelerators import ALL_NAMES

    return [name for name in ALL_NAMES if name.startswith(incomplete)]


Accelerator = Annotated[
    str | None,
    typer.Option(
        "--accelerator",
        metavar="NAME",
        help="t4x2, p100, tpu, cpu or Kaggle's own name: see kitctl accelerators.",
        autocompletion=_accelerator_names,
    ),
]

Timeout = Annotated[
    str | None,
    typer.Option("--timeout", metavar="2h", help="End the run after so long at most."),
]

PushedData = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="SLUG=DIR", help="Push the folder as this data set first, if changed."
    ),
]

WhenFree = Annotated[
    bool,
    typer.Option(
        "--when-free", help="Wait for a session, the week's hours, and sources to be ready."
    ),
]

Follow = Annotated[
    bool, typer.Option("-f", "--follow", help="Show the log until the run has ended.")
]

Open = Annotated[
    bool,
    typer.Option("--open", help="With --follow: pull the results and open the page about the run."),
]

Plan = Annotated[bool, typer.Option("--plan", help="Print what would be sent; send nothing.")]

NoRun = Annotated[bool, typer.Option("--no-run", help="Save a version without running it.")]

Name = Annotated[
    str, typer.Option("--name", metavar="TEXT", help="Your name for the run, shown by runs.")
]

Message = Annotated[
    str, typer.Option("-m", "--message", metavar="TEXT", help="What is new in it; see runs.")
]

Replace = Annotated[
    bool, typer.Option("--replace", help="Cancel this kernel's running version first.")
]

Again = Annotated[
    bool, typer.Option("--again", help="Run the same script once more; other guards hold.")
]

Force = Annotated[bool, typer.Option("--force", help="Push past the guards.")]

UntilDone = Annotated[
    bool,
    typer.Option(
        "--until-done", help="Push session after session, each from the last one's outputs."
    ),
]

Sessions = Annotated[
    int | None, typer.Option("--sessions", metavar="N", help="With --until-done: at most N.")
]

Hours = Annotated[
    float | None,
    typer.Option("--hours", metavar="H", help="With --until-done: at most H hours in all."),
]

Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on from what that run has left."),
]

Shards = Annotated[
    int | None,
    typer.Option(
        "--shards",
        metavar="N",
        help="Run it N times, as many at once as Kaggle allows, with KITCTL_SHARD=i/N.",
    ),
]

ReuseFeatures = Annotated[
    str | None,
    typer.Option(
        "--reuse-features", metavar="RUN", help="Attach that kernel's newest kept features."
    ),
]
