"""The result of `kitctl push --until-done` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs import durations

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.sending.run_chain import ChainResult


def draw_chain(chain: ChainResult, console: Console) -> None:
    for each in chain.runs:
        ran = durations.describe(each.end.seconds)
        state = f"{each.end.status.label} · ran {ran}"
        console.print(f"session {each.session.number}  {each.run}  {state}", soft_wrap=True)
    count = chain.runs[-1].session.number
    total = durations.describe(chain.spent_seconds)
    sessions = "1 session" if count == 1 else f"{count} sessions"
    console.print(f"{chain.outcome.label}: {sessions}, {total}", soft_wrap=True)
