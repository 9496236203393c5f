"""Files that a command writes for the user: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitctl.errors import InvalidInput


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a new file to write in `path`'s place, which it takes when all went well.

    Raises InvalidInput where it cannot be written; then what was there is untouched.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=f".part{path.suffix}", dir=path.parent
        )
        os.close(handle)
        part = Path(name)
        part.chmod(0o666 & ~_umask())
        yield part
        part.replace(path)
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror or error}.",
            code="unwritable",
            hint="Name a file in a folder that you may write to.",
        ) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _umask() -> int:
    """The bits that new files must not have; reading it means setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
