"""The result of `kitctl package` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs.counts import counted
from kitctl.operations.package import PackageResult

if TYPE_CHECKING:
    from rich.console import Console


def draw_packaged(packaged: PackageResult, console: Console) -> None:
    size = f"{packaged.script_bytes / 1000:.0f} kB"
    count = len(packaged.content["files"])
    what = f"one file of {size}, as it is"
    if packaged.content["kind"] == "packed" or count > 1:
        what = f"{counted(count, 'file')} in one {_noun(packaged)} of {size}"
    console.print(f"{packaged.out} ✓ {what}", soft_wrap=True)
    console.print(f"sha256 {packaged.script_sha256}", soft_wrap=True)


def _noun(packaged: PackageResult) -> str:
    return "notebook" if packaged.content["kind"] == "notebook" else "script"
