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
    console.print(chain.summary, soft_wrap=True)
