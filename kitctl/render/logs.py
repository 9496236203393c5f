"""Lines of a run's log on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.ports import LogLine

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.logs import Log


def line_text(line: LogLine, version: int, *, raw: bool) -> str:
    """Return `[v12 00:41:07] text`, or with `raw` only the text."""
    if raw:
        return line.text
    seconds = int(line.time)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"[v{version} {clock}] {line.text}"


def draw_nothing(log: Log, console: Console) -> None:
    """Draw nothing: each line was printed when it came."""
