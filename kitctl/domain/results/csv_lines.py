"""The lines of a table that comes from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kitctl.domain.results.run_report import Unreadable

LONGEST_LINE_BYTES = 1 << 20


def csv_lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines as text.

    Raises:
        Unreadable: a line is too long to be one of a table.
    """
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        if len(line) > LONGEST_LINE_BYTES:
            raise Unreadable(f"has a line of more than {LONGEST_LINE_BYTES:,} bytes")
        yield line.decode("utf-8", "replace").removeprefix("\ufeff")
