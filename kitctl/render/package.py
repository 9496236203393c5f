"""The result of `kitctl package` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.operations.package import PackageResult

if TYPE_CHECKING:
    from rich.console import Console


def draw_packaged(packaged: PackageResult, console: Console) -> None:
    size = f"{packaged.script_bytes / 1000:.0f} kB"
    count = len(packaged.modules)
    what = f"{count} modules in one script of {size}" if count else f"one file of {size}, as it is"
    console.print(f"{packaged.out} ✓ {what}", soft_wrap=True)
    console.print(f"sha256 {packaged.script_sha256}", soft_wrap=True)
