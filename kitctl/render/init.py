"""The result of `kitctl init` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs.counts import counted
from kitctl.operations.init import InitResult

if TYPE_CHECKING:
    from rich.console import Console

MOST_FILES = 8


def draw_init(result: InitResult, console: Console) -> None:
    """Draw what was created, what the metadata says and why, and what to type next."""
    for name in result.created[:MOST_FILES]:
        console.print(f"✓ {name}", soft_wrap=True)
    if len(result.created) > MOST_FILES:
        more = counted(len(result.created) - MOST_FILES, "more file")
        console.print(f"✓ … and {more}", soft_wrap=True)
    internet = "on" if result.enable_internet else "off"
    console.print(f"title     {result.title}  ({result.id})", soft_wrap=True)
    console.print(
        f"machine   {result.accelerator or 'CPU'}  ({result.accelerator_reason})", soft_wrap=True
    )
    console.print(f"internet  {internet}  ({result.internet_reason})", soft_wrap=True)
    console.print("next:", soft_wrap=True)
    for line in result.next:
        console.print(f"    {line}", soft_wrap=True)
