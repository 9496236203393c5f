"""`--verbose`: what the adapters log, on stderr."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kitctl.render.console import Console

LOGGER = logging.getLogger("kitctl")


class _ConsoleHandler(logging.Handler):
    """Writes through the console, so that a line never breaks a progress bar."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(relativeCreated)6d ms  %(name)s: %(message)s"))
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.info(self.format(record))


@contextmanager
def log_on(console: Console) -> Iterator[None]:
    """Show what kitctl's modules log, until the block ends."""
    handler = _ConsoleHandler(console)
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
