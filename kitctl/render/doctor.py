"""The result of `kitctl doctor` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.operations.doctor import Diagnosis

if TYPE_CHECKING:
    from rich.console import Console


def draw_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    for check in diagnosis.checks:
        sign = "·" if check.is_note else "✓" if check.ok else "✗"
        console.print(f"{sign} {check.name}: {check.detail}", soft_wrap=True)
        if check.fix:
            console.print(f"  → {check.fix}", soft_wrap=True)
