"""Lines of a run's log on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.logs import Log
    from kitctl.ports import LogLine


def line_text(line: LogLine, version: int) -> str:
    """Return `[v12 00:41:07] text`."""
    seconds = int(line.time)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"[v{version} {clock}] {line.text}"


def draw_nothing(log: Log, console: Console) -> None:
    """Draw nothing: each line was printed when it came."""
