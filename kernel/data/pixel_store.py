"""The pixels of photos in a file without a name, of which any rows can be read at any time."""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPARE_BYTES = 1 << 30  # of the disk, left for the outputs of the run


class PixelStore:
    """Rows of pixels, written once and read where they are needed.

    The file has no name, so that the system removes it however the run ends, and it is never among
    the outputs. Plain reads instead of a memory map or an array: what was read lately stays in the
    system's cache as long as nobody else needs the memory, and does not count as the run's.
    """

    def __init__(self, count: int, row_shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Make a store of `count` rows without contents.

        Raises:
            OSError: The disk is full.
        """
        self._row_shape, self._dtype = row_shape, dtype
        self._row_bytes = int(np.prod(row_shape)) * dtype.itemsize
        self._file = tempfile.TemporaryFile(buffering=0, dir=roomiest_folder())  # noqa: SIM115
        weakref.finalize(self, self._file.close)  # also when a run ends in an error
        self._file.truncate(count * self._row_bytes)
        self._lock = threading.Lock()

    def write(self, rows: NDArray[np.int64], pixels: NDArray[Any]) -> None:
        """Write pixels [n, *row_shape] as these rows.

        Raises:
            OSError: The disk is full.
        """
        with self._lock:
            for first, last in _neighbours(rows):
                self._file.seek(int(rows[first]) * self._row_bytes)
                view = np.ascontiguousarray(pixels[first:last]).data.cast("B")
                while view:
                    view = view[self._file.write(view) :]

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the pixels [n, *row_shape] of these rows, in their order."""
        pixels = np.empty((len(rows), *self._row_shape), self._dtype)
        with self._lock:
            for first, last in _neighbours(rows):
                self._file.seek(int(rows[first]) * self._row_bytes)
                view = pixels[first:last].data.cast("B")
                while view:
                    count = self._file.readinto(view)
                    if not count:
                        raise OSError("the file of the photos' pixels ends before its last row")
                    view = view[count:]
        return pixels


def fits_on_disk(size: int) -> bool:
    """Return whether so many bytes can be stored, with some left for the run's outputs."""
    return size + _SPARE_BYTES <= shutil.disk_usage(roomiest_folder()).free


def roomiest_folder() -> Path:
    """Return the folder for temporary files, or the working folder if its disk has more room."""
    folders = Path(tempfile.gettempdir()), Path.cwd()
    return max(folders, key=lambda folder: shutil.disk_usage(folder).free)


def _neighbours(rows: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of each series of positions whose rows follow one another."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    ends = [0, *breaks.tolist(), len(rows)]
    yield from ((first, last) for first, last in pairwise(ends) if last > first)
