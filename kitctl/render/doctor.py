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
        draw_line(f"{sign} {_own(check.name, console)}: {_own(check.detail, console)}", console)
        if check.fix:
            console.print(f"  → {_own(check.fix, console)}", soft_wrap=True)


def _own(text: str, console: Console) -> str:
    return streams.translated(text, console.file)
