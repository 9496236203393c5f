"""The result of `kitctl doctor` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.operations.doctor import Diagnosis
from kitctl.render.lines import draw_line

if TYPE_CHECKING:
    from rich.console import Console


def draw_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    for check in diagnosis.checks:
        sign = "·" if check.is_note else "✓" if check.ok else "✗"
        draw_line(f"{sign} {check.name}: {check.detail}", console)
        if check.fix:
            console.print(f"  → {check.fix}", soft_wrap=True)
