"""Files written whole or not at all, and folders removed with all that is in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kitctl.errors import InvalidInput


@contextlib.contextmanager
def replace_file(path: Path, part_folder: Path | None = None) -> Iterator[Path]:
    """Yield a new file to write, which takes the place of `path` when the block ends well.

    Until then it lies in `part_folder`, or beside `path`. Raises OSError where it cannot be
    written; then `path` is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Its ending stays the same: programs choose a format by it.
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem}-", suffix=f".part{path.suffix}", dir=part_folder or path.parent
    )
    os.close(handle)
    part = Path(name)
    try:
        part.chmod(0o666 & ~_umask())
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def replace_users_file(path: Path) -> Iterator[Path]:
    """Do as `replace_file`, for a file that the user named.

    Raises InvalidInput where it cannot be written.
    """
    try:
        with replace_file(path) as part:
            yield part
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror or error}.",
            code="unwritable",
            hint="Name a file in a folder that you may write to.",
        ) from None


def remove_tree(folder: Path) -> None:
    """Remove a folder, write-protected ones inside included, as far as that is possible."""
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for parent, names, _ in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _umask() -> int:
    """Return the permission bits that new files must not have; reading them means setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
