"""`--verbose`: what the adapters log, and the traceback of a failure, on stderr."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from kitctl.errors import KitError
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


def print_traceback(error: BaseException) -> None:
    """Print where an exception and those before it were raised.

    The text is left out of all but kitctl's own errors: the one of a library may quote a header,
    and with it the token.
    """
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        print_traceback(earlier)
        print("\nThen:", file=sys.stderr)
    lines = traceback.format_tb(error.__traceback__)
    text = f": {error}" if isinstance(error, KitError) else ""
    print(
        "Traceback (most recent call last):",
        *(line.rstrip("\n") for line in lines),
        f"{type(error).__qualname__}{text}",
        sep="\n",
        file=sys.stderr,
    )
