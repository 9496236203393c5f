"""Features on disk: a row per photo, and a key that identifies what computed them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kernel.files import atomic_write

SCHEMA = "kitctl-features/2"
_HASH = "rows_blake2b"  # in the key's file: what the rows' file must be
_ROWS_FILE, _IDS_FILE, _KEY_FILE = "rows.npy", "photos.txt", "key.json"


@dataclass(frozen=True)
class FeatureStore:
    """Rows of features in a file, read when they are needed.

    Plain reads instead of a memory map: mapped pages would count as the run's memory.
    `file_rows` holds, for each row of this store, its row in the file.
    """

    folder: Path
    row_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    file_rows: np.ndarray[Any, Any]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row as float32, the type that `read` returns."""
        return int(np.prod(self.row_shape)) * 4

    def read(self, indices: Sequence[int] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the rows at `indices` as float32 [len(indices), *row_shape], in that order."""
        file_rows = self.file_rows[np.asarray(indices, dtype=np.int64)]
        stored = np.empty((len(file_rows), *self.row_shape), self.dtype)
        size = stored.nbytes // max(1, len(file_rows))
        with (self.folder / _ROWS_FILE).open("rb", buffering=0) as file:
            # One read for each series of neighbours; in the usual order that is a single read.
            breaks = np.flatnonzero(np.diff(file_rows) != 1) + 1
            for series in np.split(np.arange(len(file_rows)), breaks):
                if len(series):
                    file.seek(self.offset + int(file_rows[series[0]]) * size)
                    _read_exactly(file, stored[series[0] : series[-1] + 1])
        return stored.astype(np.float32, copy=False)


def open_store(
    folder: Path, key: dict[str, Any], ids: Sequence[str]
) -> tuple[FeatureStore | None, str]:
    """Open the store in `folder` with the rows `ids`, in that order.

    Returns the store and "", or None and the reason if it has another key, not all of the rows, or
    is damaged.
    """
    try:
        stored_key = json.loads((folder / _KEY_FILE).read_text(encoding="utf-8"))
        stored_ids = (folder / _IDS_FILE).read_text(encoding="utf-8").splitlines()
        array = np.load(folder / _ROWS_FILE, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None, f"{folder} holds no complete feature store"
    if not isinstance(stored_key, dict):
        return None, f"{folder} holds no complete feature store"
    differences = [
        f"{name} was {stored_key.get(name)!r} and is now {value!r}"
        for name, value in key.items()
        if stored_key.get(name) != value
    ]
    if differences:
        return None, "; ".join(differences)
    if len(stored_ids) != array.shape[0]:
        return None, f"{folder} has {array.shape[0]} rows for {len(stored_ids)} photos"
    # The first row counts if an id stands there twice.
    row_of = {photo: row for row, photo in reversed(list(enumerate(stored_ids)))}
    missing = sum(photo not in row_of for photo in ids)
    if missing:
        return None, f"{missing} of {len(ids)} photos are not in it, or have changed"
    if stored_key.get(_HASH) != _hash(folder / _ROWS_FILE):
        return None, f"{folder} is damaged: its rows are not those that were written"
    file_rows = np.array([row_of[photo] for photo in ids], dtype=np.int64)
    row_shape = tuple(array.shape[1:])
    return FeatureStore(folder, row_shape, array.dtype, int(array.offset), file_rows), ""


@contextmanager
def new_store(
    folder: Path, key: dict[str, Any], ids: Sequence[str], row_shape: tuple[int, ...]
) -> Iterator["RowWriter"]:
    """Yield a writer for a new store, whose rows come in the order of `ids`.

    The store is complete when the block has ended.

    Raises:
        RuntimeError: The block wrote more or fewer rows than there are ids.
    """
    (folder / _KEY_FILE).unlink(missing_ok=True)
    dtype = np.dtype(key["feature_dtype"])
    with atomic_write(folder / _ROWS_FILE) as part:
        with part.open("wb") as out:
            header = {"descr": dtype.str, "fortran_order": False, "shape": (len(ids), *row_shape)}
            np.lib.format.write_array_header_1_0(out, header)
            writer = RowWriter(out, dtype, row_shape)
            yield writer
        if writer.rows != len(ids):
            raise RuntimeError(f"{writer.rows} rows of features were written for {len(ids)} photos")
        described = {**key, _HASH: _hash(part)}
    with atomic_write(folder / _IDS_FILE) as part:
        part.write_text("".join(f"{photo}\n" for photo in ids), encoding="utf-8")
    with atomic_write(folder / _KEY_FILE) as part:
        part.write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@dataclass
class RowWriter:
    """A writer that appends rows to an unfinished store and counts them."""

    out: BinaryIO
    dtype: np.dtype[Any]
    row_shape: tuple[int, ...]
    rows: int = 0

    def append(self, features: np.ndarray[Any, Any]) -> None:
        """Append features [batch, *row_shape] of any float type.

        Raises:
            ValueError: The features have another shape.
        """
        if features.shape[1:] != self.row_shape:
            raise ValueError(f"rows of shape {features.shape[1:]}, not {self.row_shape}")
        self.out.write(np.ascontiguousarray(features, self.dtype).tobytes())
        self.rows += len(features)


def remove_leftovers(folder: Path) -> None:
    """Remove the files of an incomplete store from `folder`."""
    if folder.is_dir() and not (folder / _KEY_FILE).exists():
        for path in folder.iterdir():
            if path.is_file():  # A folder is the store of a part of the base.
                path.unlink()


def _hash(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "blake2b").hexdigest()


def _read_exactly(file: Any, target: np.ndarray[Any, Any]) -> None:
    """Read until `target` is full; an unbuffered read may return less than requested."""
    view = memoryview(target).cast("B")  # type: ignore[arg-type]
    while view:
        count = file.readinto(view)
        if not count:
            raise OSError(f"{_ROWS_FILE} ends before its last row")
        view = view[count:]
