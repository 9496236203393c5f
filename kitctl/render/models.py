"""The result of `kitctl models push` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs.counts import counted, size_text

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.models import ModelPush


def draw_push(push: ModelPush, console: Console) -> None:
    what = "" if push.pushed.changed else " · unchanged, no version was made"
    console.print(f"{push.source} of {push.run}{what}", soft_wrap=True)
    console.print(
        f"{counted(len(push.files), 'file')}, {size_text(push.bytes)}: {', '.join(push.files)}"
    )
    console.print(push.pushed.url, soft_wrap=True)
    console.print(f'a job reads it with "model_sources": ["{push.source}"]', soft_wrap=True)
