"""Features on disk: one row a photo, and a key that says what they are features of."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kernel.files import atomic_write

SCHEMA = "kitctl-features/1"
_ROWS, _IDS, _KEY = "rows.npy", "photos.txt", "key.json"


@dataclass(frozen=True)
class FeatureStore:
    """Rows of features, read from the file as they are asked for.

    Plain reads instead of a memory map: mapped pages would count as the run's memory.
    `places` maps the rows that were asked for to the rows of the file.
    """

    folder: Path
    row_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    places: np.ndarray[Any, Any]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row as float32, the type in which rows are handed out."""
        return int(np.prod(self.row_shape)) * 4

    def read(self, wanted: Sequence[int] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Rows as float32 [len(wanted), …], in the order asked for."""
        places = self.places[np.asarray(wanted, dtype=np.int64)]
        stored = np.empty((len(places), *self.row_shape), self.dtype)
        size = stored.nbytes // max(1, len(places))
        with (self.folder / _ROWS).open("rb", buffering=0) as rows:
            # One read for each run of neighbours; in the usual order that is one in all.
            breaks = np.flatnonzero(np.diff(places) != 1) + 1
            for run in np.split(np.arange(len(places)), breaks):
                if len(run):
                    rows.seek(self.offset + int(places[run[0]]) * size)
                    _fill(rows, stored[run[0] : run[-1] + 1])
        return stored.astype(np.float32, copy=False)


def open_store(
    folder: Path, key: dict[str, Any], ids: Sequence[str]
) -> tuple[FeatureStore | None, str]:
    """The store in `folder` if it holds the rows `ids` under `key`, else None and why not."""
    try:
        theirs = json.loads((folder / _KEY).read_text(encoding="utf-8"))
        held = (folder / _IDS).read_text(encoding="utf-8").splitlines()
        array = np.load(folder / _ROWS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None, f"{folder} holds no whole feature store"
    differing = [
        f"{name} was {theirs.get(name)!r} and is now {value!r}"
        for name, value in key.items()
        if theirs.get(name) != value
    ]
    if differing:
        return None, "; ".join(differing)
    if len(held) != array.shape[0]:
        return None, f"{folder} has {array.shape[0]} rows for {len(held)} photos"
    rows = {photo: row for row, photo in reversed(list(enumerate(held)))}
    missing = sum(photo not in rows for photo in ids)
    if missing:
        return None, f"{missing} of {len(ids)} photos are not in it, or have changed"
    places = np.array([rows[photo] for photo in ids], dtype=np.int64)
    row_shape = tuple(array.shape[1:])
    return FeatureStore(folder, row_shape, array.dtype, int(array.offset), places), ""


@contextmanager
def new_store(
    folder: Path, key: dict[str, Any], ids: Sequence[str], row_shape: tuple[int, ...]
) -> Iterator["RowWriter"]:
    """Write a store row by row, in the order of `ids`; it counts once the block has ended."""
    (folder / _KEY).unlink(missing_ok=True)
    dtype = np.dtype(key["feature_dtype"])
    with atomic_write(folder / _ROWS) as part:
        with part.open("wb") as out:
            header = {"descr": dtype.str, "fortran_order": False, "shape": (len(ids), *row_shape)}
            np.lib.format.write_array_header_1_0(out, header)
            writer = RowWriter(out, dtype, row_shape)
            yield writer
        if writer.rows != len(ids):
            raise RuntimeError(f"{writer.rows} rows of features came for {len(ids)} photos")
    with atomic_write(folder / _IDS) as part:
        part.write_text("".join(f"{photo}\n" for photo in ids), encoding="utf-8")
    with atomic_write(folder / _KEY) as part:
        part.write_text(json.dumps(key, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@dataclass
class RowWriter:
    """Appends rows to a store under way and counts them."""

    out: BinaryIO
    dtype: np.dtype[Any]
    row_shape: tuple[int, ...]
    rows: int = 0

    def append(self, features: np.ndarray[Any, Any]) -> None:
        """Features [batch, *row_shape] of any float type."""
        if features.shape[1:] != self.row_shape:
            raise ValueError(f"rows of shape {features.shape[1:]}, not {self.row_shape}")
        self.out.write(np.ascontiguousarray(features, self.dtype).tobytes())
        self.rows += len(features)


def remove_leftovers(folder: Path) -> None:
    """Remove what a pass that was killed has left in `folder`."""
    if folder.is_dir() and not (folder / _KEY).exists():
        for path in folder.iterdir():
            path.unlink()


def _fill(rows: Any, part: np.ndarray[Any, Any]) -> None:
    """Read into `part` until it is full; a raw read may give less than asked for."""
    view = memoryview(part).cast("B")  # type: ignore[arg-type]
    while view:
        got = rows.readinto(view)
        if not got:
            raise OSError(f"{_ROWS} ends before its last row")
        view = view[got:]
