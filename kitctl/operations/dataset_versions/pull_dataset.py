"""Fetch a data set into a folder: one archive, resumed, unpacked beside it, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.data.datasets import DatasetInfo, DatasetRef
from kitctl.domain.results.files import ExpectedFile, check_names
from kitctl.errors import InvalidInput, NetworkFailed
from kitctl.files import replace_file
from kitctl.operations.dataset_versions.find_dataset import find_dataset
from kitctl.operations.pulling.fetch_files import USUAL_TRIES, FileFetcher, FileUrls
from kitctl.ports import DatasetService, Downloader, OutputFile, Reporter, ResultsFolder

RECORD = Path(".kitctl") / "dataset.json"

COPY_BYTES = 1 << 20

# What zipfile raises for an archive that is not as it should be.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, ValueError),
)


@dataclass(frozen=True)
class DatasetPull:
    """A data set's files on this machine; `fetched`: they came now."""

    info: DatasetInfo
    version: int
    out: Path
    files: int
    bytes: int
    fetched: bool

    def as_data(self) -> dict[str, Any]:
        return {
            "dataset": str(self.info.ref),
            "version": self.version,
            "out": self.out,
            "files": self.files,
            "bytes": self.bytes,
            "fetched": self.fetched,
        }


def pull_dataset(
    ref: DatasetRef,
    version: int | None,
    out: Path,
    part: ResultsFolder,
    datasets: DatasetService,
    downloads: Downloader,
    reporter: Reporter,
) -> DatasetPull:
    """Fetch a version (None: the newest) into `out`, which has no other content.

    It is made in `part`, a folder beside it, and gets its name once it is whole.

    Raises InvalidInput where there is no such data set or `out` holds something else.
    """
    info = find_dataset(ref, datasets)
    number = version or info.version
    content = {"dataset": str(ref), "version": number}
    if _is_here(out, content, reporter):
        return _pulled(info, number, out, fetched=False)
    _require_possible(out)
    with part.exclusive(lambda: reporter.info(f"Another kitctl pulls into {out}; waiting …")):
        archive = _fetch(info, number, part, datasets, downloads, reporter)
        files = part.root / "files"
        shutil.rmtree(files, ignore_errors=True)
        with reporter.progress(f"Unpacking {ref}"):
            hashes = _unpack(archive, files, is_case_sensitive=part.is_case_sensitive())
        _check_sizes(datasets.file_sizes(ref, number), archive, files)
        with replace_file(files / RECORD) as record:
            record.write_text(json.dumps({**content, "files": hashes}) + "\n", "utf-8")
        if out.is_dir():
            out.rmdir()
        files.rename(out)
    shutil.rmtree(part.root, ignore_errors=True)
    return _pulled(info, number, out, fetched=True)


def _fetch(
    info: DatasetInfo,
    version: int,
    part: ResultsFolder,
    datasets: DatasetService,
    downloads: Downloader,
    reporter: Reporter,
) -> Path:
    """Download a version's archive, resuming an earlier download of it, and return its path."""
    # What an earlier call has left of another version must not be taken for this one.
    name = f"v{version}.zip"
    for other in part.root.glob("v*.zip"):
        if other.name != name:
            other.unlink()

    def urls() -> list[OutputFile]:
        return [OutputFile(name, datasets.archive_url(info.ref, version or None))]

    fetcher = FileFetcher(FileUrls(urls(), urls), downloads, part, refetch=False, tries=USUAL_TRIES)
    with reporter.progress(f"Pulling {info.ref}", total=info.bytes, unit="bytes") as bar:
        _, failed = fetcher.fetch_all({name: ExpectedFile()}, 1, bar)
    if failed:
        error = failed[0].error
        raise NetworkFailed(
            f"{info.ref} did not come whole: {error.message}",
            code=error.code,
            hint="Type the same command again: it goes on where it stopped.",
        )
    return part.root / name


def _unpack(archive: Path, folder: Path, *, is_case_sensitive: bool) -> dict[str, str]:
    """Unpack an archive from outside: only plain files, below the folder, as large as they say.

    Returns the SHA-256 of each file by its path.

    Raises InvalidInput for names that lead elsewhere, NetworkFailed where the archive is damaged.
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
                    code="odd_files",
                    hint="Only its owner can rename that file.",
                )
            _require_space(folder, sum(entry.file_size for entry in entries.values()))
            for name in accepted:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with packed.open(entries[name]) as source, target.open("wb") as sink:
                    while piece := source.read(COPY_BYTES):
                        digest.update(piece)
                        sink.write(piece)
                hashes[name] = digest.hexdigest()
    except DAMAGE as error:
        archive.unlink()
        raise NetworkFailed(
            f"The archive of the data set is damaged ({error}); nothing of it was kept.",
            code="damaged",
            hint="Type the same command again: it downloads the archive anew.",
        ) from None
    return hashes


def _check_sizes(listed: Mapping[str, int | None], archive: Path, folder: Path) -> None:
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
    archive.unlink()
    what = f"{wrong[0]} has another size than Kaggle lists" if wrong else f"{missing:,} are missing"
    raise NetworkFailed(
        f"Not all files of the data set came: {what}. Nothing of it was kept.",
        code="damaged",
        hint="Type the same command again: it downloads the archive anew.",
    )


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InvalidInput(
            f"The data set needs {needed / 1e6:,.0f} MB, but the disk has {free / 1e6:,.0f} MB"
            " left; nothing was unpacked.",
            code="disk_full",
            hint="Free some space, or choose another disk with --out.",
        )


def _is_here(out: Path, content: Mapping[str, object], reporter: Reporter) -> bool:
    """Return whether the folder is this version of the data set, with all of its files.

    Raises InvalidInput where it holds anything else: it is not written over.
    """
    if not out.is_dir() or not any(out.iterdir()):
        return False
    record = _read_record(out)
    changed = ""
    if {**content, "files": record.get("files")} == record and isinstance(record["files"], dict):
        with reporter.progress(f"Checking {out.name}"):
            changed = next(_changed_files(out, record["files"]), "")
        if not changed:
            return True
    what = f"{changed} was changed or removed there" if changed else "holds something else"
    raise InvalidInput(
        f"{out} is not version {content['version']} of {content['dataset']}: {what}. Nothing was"
        " fetched.",
        code="folder_in_use",
        hint="Choose another folder with --out, or move this one away.",
    )


def _changed_files(out: Path, hashes: Mapping[str, str]) -> Iterator[str]:
    for name, sha256 in hashes.items():
        try:
            with (out / name).open("rb") as file:
                is_same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            is_same = False
        if not is_same:
            yield name


def _require_possible(out: Path) -> None:
    """Raise InvalidInput where the folder cannot be made; its parents are made now."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        is_possible, reason = not out.exists() or out.is_dir(), "It is a file"
    except OSError as error:
        is_possible, reason = False, error.strerror or str(error)
    if not is_possible:
        raise InvalidInput(
            f"The folder {out} cannot be made: {reason}. Nothing was fetched.",
            code="folder_in_use",
            hint="Choose another folder with --out.",
        )


def _read_record(out: Path) -> dict[str, Any]:
    try:
        record = json.loads((out / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _pulled(info: DatasetInfo, version: int, out: Path, *, fetched: bool) -> DatasetPull:
    sizes = [
        path.stat().st_size
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out) != RECORD
    ]
    return DatasetPull(info, version, out, len(sizes), sum(sizes), fetched)
