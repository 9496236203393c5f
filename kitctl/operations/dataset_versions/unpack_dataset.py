"""Unpack the archive of a data set, which comes from outside, and check what it held."""

from __future__ import annotations

import hashlib
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from kitctl.domain.results.files import check_names
from kitctl.errors import InvalidInput, NetworkFailed

# The codes of the errors after which the archive is of no use.
DAMAGED, ODD_FILES = "damaged", "odd_files"
_COPY_BYTES = 1 << 20

# What zipfile raises for an archive that is not as it should be.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, ValueError),
)
_ANEW = "Type the same command again: it downloads the archive anew."


def unpack(archive: Path, folder: Path, *, is_case_sensitive: bool) -> dict[str, str]:
    """Unpack an archive: only plain files, below the folder, as large as they say.

    Returns the SHA-256 of each file by its path.

    Raises InvalidInput for names that lead elsewhere or where the disk is too small, NetworkFailed
    where the archive is damaged.
    """
    folder.mkdir(parents=True)
    hashes = {}
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = {entry.filename: entry for entry in packed.infolist() if not entry.is_dir()}
            accepted, refused = check_names(entries, is_case_sensitive=is_case_sensitive)
            if refused:
                raise InvalidInput(
                    f"The data set holds {refused[0].path!r}, which {refused[0].reason}; nothing of"
                    " it was kept.",
                    code=ODD_FILES,
                    hint="Only its owner can rename that file.",
                )
            _require_space(folder, sum(entry.file_size for entry in entries.values()))
            for name in accepted:
                hashes[name] = _extract(packed, entries[name], folder / name)
    except _DAMAGE as error:
        raise NetworkFailed(
            f"The archive of the data set is damaged ({error}); nothing of it was kept.",
            code=DAMAGED,
            hint=_ANEW,
        ) from None
    return hashes


def check_sizes(listed: Mapping[str, int | None], folder: Path) -> None:
    """Raise NetworkFailed where the files that came are not those that Kaggle lists.

    A listed name without its folder is not looked for, but counts.
    """
    missing = len(listed) - sum(path.is_file() for path in folder.rglob("*"))
    wrong = [
        name
        for name, size in listed.items()
        if size is not None and (path := folder / name).is_file() and path.stat().st_size != size
    ]
    if missing <= 0 and not wrong:
        return
    what = f"{wrong[0]} has another size than Kaggle lists" if wrong else f"{missing:,} are missing"
    raise NetworkFailed(
        f"Not all files of the data set came: {what}. Nothing of it was kept.",
        code=DAMAGED,
        hint=_ANEW,
    )


def _extract(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> str:
    """Write a file of the archive, and return its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with packed.open(entry) as source, target.open("wb") as sink:
        while piece := source.read(_COPY_BYTES):
            digest.update(piece)
            sink.write(piece)
    return digest.hexdigest()


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InvalidInput(
            f"The data set needs {needed / 1e6:,.0f} MB, but the disk has {free / 1e6:,.0f} MB"
            " left; nothing was unpacked.",
            code="disk_full",
            hint="Free some space, or choose another disk with --out.",
        )
