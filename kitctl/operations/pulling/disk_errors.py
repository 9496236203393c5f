"""Errors of the disk that results are written to, in a sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitctl.errors import InvalidInput
from kitctl.operations.pulling.fetch_files import DISK_ERRORS


@contextmanager
def translate_disk_errors(root: Path) -> Iterator[None]:
    """Raise InvalidInput where the folder cannot be written in the block."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise InvalidInput(
            f"{root} cannot be written: {error.strerror}. What came so far is kept.",
            code="disk_full" if is_full else "unwritable",
            hint="Fix that, then the same command goes on where it stopped.",
        ) from None
