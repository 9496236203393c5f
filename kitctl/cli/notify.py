"""`--notify`: tell the user elsewhere that a run has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.context import CommandContext
from kitctl.errors import Interrupted, KitError, NetworkFailed

if TYPE_CHECKING:
    from kitctl.operations.watching.run_status import RunStatus

NotifyOption = Annotated[
    str | None,
    typer.Option(
        "--notify", metavar="WHERE", help="When the run ends: `desktop`, or an https:// address."
    ),
]


def require_notifiable(context: CommandContext) -> None:
    """Raise UsageError, before anything is waited for, where nothing can be sent there."""
    if context.config.notify:
        from kitctl.adapters.notifications import require_target

        require_target(context.config.notify)


def notify_of_end(context: CommandContext, state: RunStatus) -> None:
    """Tell how a run has ended; that this fails is only a warning."""
    from kitctl.domain.runs import durations

    seconds = state.running_seconds
    ran = f", ran {durations.describe(seconds)}" if seconds else ""
    facts = {"run": str(state.ref), "status": state.status.value, "running_seconds": seconds}
    notify_of(context, f"{state.ref} {state.status.label}{ran}", facts)


def notify_of(context: CommandContext, text: str, facts: Mapping[str, object]) -> None:
    """Tell the user a sentence, and programs its facts; that this fails is only a warning."""
    target = context.config.notify
    if not target:
        return
    from kitctl.adapters.notifications import notify

    try:
        notify(target, text, facts)
    except NetworkFailed as error:
        context.console.warn(error.message)


@contextmanager
def notified_of_stop(context: CommandContext, what: str) -> Iterator[None]:
    """Notify of an error that stops `what` before its end, but not of Ctrl-C."""
    try:
        yield
    except Interrupted:
        raise
    except KitError as error:
        # Only its code: what a message quotes is not meant for others.
        text = f"{what} stopped ({error.code}); the same command goes on"
        notify_of(context, text, {"outcome": error.code})
        raise
