"""Make the text of everything that rich draws safe for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.render.safe_text import safe_text

if TYPE_CHECKING:
    from rich.console import (
        Console,
        ConsoleOptions,
        ConsoleRenderable,
        RenderableType,
        RenderHook,
        RenderResult,
    )


def safe_drawing() -> RenderHook:
    """Return a hook for a rich console; styles and rich's own cursor movements stay."""
    from rich.console import RenderHook

    class SafeDrawing(RenderHook):
        def process_renderables(
            self, renderables: list[ConsoleRenderable]
        ) -> list[ConsoleRenderable]:
            return [_Safe(renderable) for renderable in renderables]

    return SafeDrawing()


class _Safe:
    """A drawing whose text is made safe once it is laid out."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            if segment.control:
                yield segment
            else:
                yield type(segment)(safe_text(segment.text), segment.style)
