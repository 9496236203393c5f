"""`kitctl status`, `wait`, `runs`, `logs` and `cancel`: runs that were pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.connection import (
    AT_A_GLANCE_SECONDS,
    LocalOption,
    RunArgument,
    open_road,
    project_kernel,
    run_name,
    settings_for,
)
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import UsageError
from kitctl.operations.shared.prefetch import asked_ahead
from kitctl.render.output import Answer

if TYPE_CHECKING:
    from kitctl.domain.runs import Status


def register(app: typer.Typer) -> None:
    for function in (status, wait, runs, logs, cancel):
        command(app, function.__name__)(function)


def status(invocation: Invocation, run: RunArgument = None, local: LocalOption = None) -> Answer:
    """Show one run's state.

    The exit code tells how it ended: 6 it failed, 7 it was cancelled or timed out.
    """
    from kitctl.operations.status import read_status
    from kitctl.render.push import draw_status

    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        read = read_status(found, road.kaggle, road.ledger)
    return Answer(read, draw_status, road.told(read.failure))


def wait(
    invocation: Invocation,
    run: RunArgument = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="2h", help="Wait so long at most.")
    ] = None,
    local: LocalOption = None,
) -> Answer:
    """Wait until a run has ended.

    The exit code tells how: 6 it failed, 7 it was cancelled or timed out.
    """
    from kitctl.cli.follow import goes_on
    from kitctl.domain import durations
    from kitctl.operations.shared.watch import wait_for_end
    from kitctl.render.push import draw_status

    seconds = None if timeout is None else durations.parse(timeout)
    if timeout is not None and seconds is None:
        raise UsageError(
            f"{timeout!r} is no duration.", code="bad_timeout", hint="Write 90s, 45m or 2h."
        )
    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        with goes_on(found.ref):
            ended = wait_for_end(
                found, road.kaggle, road.ledger, road.clock, invocation.talk, timeout=seconds
            )
    return Answer(ended, draw_status, road.told(ended.failure))


def runs(
    invocation: Invocation,
    everything: Annotated[bool, typer.Option("--all", help="Of all projects.")] = False,
    statuses: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only in this state; may be repeated."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="So many at most.")
    ] = 20,
    local: LocalOption = None,
) -> Answer:
    """List this project's runs, newest first."""
    wanted = [_status(word) for word in statuses or []]
    chosen = (invocation.user_settings if everything else invocation.settings)(local=local)
    with (
        open_road(invocation, local=chosen.local, total_seconds=AT_A_GLANCE_SECONDS) as road,
        asked_ahead(road.kaggle.account),
    ):
        # All of this is loaded while Kaggle is asked.
        from kitctl.operations.runs import list_runs
        from kitctl.render.runs import draw_runs

        invocation.output.prepare()
        listed = list_runs(
            road.kaggle,
            road.ledger,
            invocation.talk,
            kernel=None if everything else project_kernel(invocation, road.account),
            statuses=wanted,
            limit=limit,
        )
    return Answer(listed, draw_runs)


def logs(
    invocation: Invocation,
    run: RunArgument = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on until the run has ended.")
    ] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", min=0, metavar="N", help="Only the last N lines.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The run's own words, without version and time.")
    ] = False,
    local: LocalOption = None,
) -> Answer:
    """Show a run's log, live while it runs."""
    from kitctl.cli.follow import follow_run
    from kitctl.operations.logs import Log, read_log
    from kitctl.render.logs import draw_nothing, line_text

    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        if follow:
            skip = 0
            if tail is not None:
                skip = max(0, len(read_log(found, road.kaggle, road.ledger).lines) - tail)
            ended, lines = follow_run(invocation, road, found, raw=raw, skip=skip)
            shown = Log(found.ref, ended, tuple(lines))
            return Answer(shown, draw_nothing, road.told(ended.failure))
        log = read_log(found, road.kaggle, road.ledger, tail)
    for line in log.lines:
        invocation.output.line(line_text(line, found.ref.version, raw=raw))
    more = "" if log.status.status.ended else f"it goes on: kitctl logs -f {found.ref.version}"
    return Answer(log, draw_nothing, hint=road.hint(more))


def cancel(invocation: Invocation, run: RunArgument = None, local: LocalOption = None) -> Answer:
    """Stop a run, and say whether Kaggle took it."""
    from kitctl.operations.cancel import cancel as stop
    from kitctl.render.runs import draw_cancelled

    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        stopped = stop(found, road.kaggle, road.ledger, road.clock, invocation.talk)
    return Answer(stopped, draw_cancelled)


def _status(word: str) -> Status:
    """`running`, `error`, `cancelled`, … as Kaggle's state."""
    from kitctl.domain.runs import Status

    name = word.upper().replace("-", "_")
    name = {"CANCELLED": "CANCEL_ACKNOWLEDGED", "FAILED": "ERROR"}.get(name, name)
    try:
        return Status(name)
    except ValueError:
        known = ", ".join(status.lower().replace("_", "-") for status in Status)
        raise UsageError(
            f"{word!r} is no state of a run.", code="bad_status", hint=f"It is one of: {known}."
        ) from None
