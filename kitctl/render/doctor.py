"""The result of `kitctl doctor` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.operations.doctor import Diagnosis
from kitctl.render import streams
from kitctl.render.lines import draw_line

if TYPE_CHECKING:
    from rich.console import Console


def draw_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    for check in diagnosis.checks:
        sign = "·" if check.is_note else "✓" if check.ok else "✗"
        line = f"{sign} {_own(check.name, console)}: {_own(check.detail, console)}"
        draw_line(line, console, indent=2)
        if check.fix:
            draw_line(f"  → {_own(check.fix, console)}", console, indent=4)


def _own(text: str, console: Console) -> str:
    return streams.translated(text, console.file)
