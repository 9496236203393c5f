"""Files that are written completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path next to `path`; rename it to `path` when the block succeeds.

    The content is on the disk before the rename, so that a reader (or the next run after a
    crash) finds the old file or the new one, never a part of one. If the block raises, the
    temporary file is removed and `path` is unchanged. Missing parent folders are created.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last because writers choose the format by it.
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(path: Path | str, table: "DataFrame") -> None:
    """Write a table without its index; floats keep every digit, a missing one is `nan`."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, na_rep="nan", lineterminator="\r\n")
