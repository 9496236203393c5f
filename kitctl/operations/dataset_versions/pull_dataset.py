"""Fetch a data set into a folder: one archive, resumed, unpacked beside it, whole or not at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus
from kitctl.domain.results.files import ExpectedFile
from kitctl.errors import InvalidInput, NetworkFailed, NextCommand
from kitctl.operations.dataset_versions.dataset_wait import failed
from kitctl.operations.dataset_versions.find_dataset import find_dataset
from kitctl.operations.dataset_versions.pulled_record import (
    RECORD,
    changed_files,
    read_record,
    write_record,
)
from kitctl.operations.dataset_versions.unpack_dataset import (
    DAMAGED,
    ODD_FILES,
    check_sizes,
    unpack,
)
from kitctl.operations.pulling.fetch_files import USUAL_TRIES, FileFetcher, FileUrls
from kitctl.ports import DatasetService, Downloader, OutputFile, Reporter, ResultsFolder


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

    Raises InvalidInput where there is no such data set, it cannot be read or `out` holds something
    else.
    """
    info = find_dataset(ref, datasets)
    number = info.version if version is None else version
    pull = _Pull(info, number, out, part, datasets, reporter)
    fetched = not pull.is_here()
    if fetched:
        pull.require_possible()
        with part.exclusive(lambda: reporter.info(f"Another kitctl pulls into {out}; waiting …")):
            # The one that was waited for may have made it.
            fetched = not pull.is_here()
            if fetched:
                pull.make(_fetch(info, number, part, datasets, downloads, reporter))
            shutil.rmtree(part.root, ignore_errors=True)
    sizes = [
        path.stat().st_size
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out) != RECORD
    ]
    return DatasetPull(info, number, out, len(sizes), sum(sizes), fetched)


@dataclass(frozen=True)
class _Pull:
    """A version of a data set on its way into the folder `out`."""

    info: DatasetInfo
    version: int
    out: Path
    part: ResultsFolder
    datasets: DatasetService
    reporter: Reporter

    @property
    def _identity(self) -> dict[str, object]:
        """What tells the version from every other one, also from one of its name elsewhere."""
        return {
            "service": self.datasets.service,
            "dataset": str(self.info.ref),
            "version": self.version,
            "id": self.info.id,
            "mark": self.info.marks.get(self.version, ""),
        }

    def is_here(self) -> bool:
        """Return whether the folder is this version of the data set, with all of its files.

        Raises InvalidInput where it holds anything else: it is not written over.
        """
        if not self.out.is_dir() or not any(self.out.iterdir()):
            return False
        record = read_record(self.out)
        problem = "it holds something else"
        if {name: record.get(name) for name in self._identity} == self._identity:
            with self.reporter.progress(f"Checking {self.out.name}"):
                changed = next(changed_files(self.out, record), "")
            if not changed:
                return True
            problem = f"{changed} was changed or removed there"
        raise InvalidInput(
            f"{self.out} is not version {self.version} of {self.info.ref}: {problem}. Nothing was"
            " fetched.",
            code="folder_in_use",
            hint="Choose another folder with --out, or move this one away.",
        )

    def require_possible(self) -> None:
        """Raise InvalidInput where the version cannot be read, or its folder not be made.

        The folder's parents are made.
        """
        if not self.datasets.file_sizes(self.info.ref, self.version):
            self._require_ready()
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            reason = "It is a file" if self.out.exists() and not self.out.is_dir() else ""
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            raise InvalidInput(
                f"The folder {self.out} cannot be made: {reason}. Nothing was fetched.",
                code="folder_in_use",
                hint="Choose another folder with --out.",
            )

    def _require_ready(self) -> None:
        """Raise where the newest version, which has no files, is not made yet, or never will be."""
        status = self.datasets.status(self.info.ref)
        if status is DatasetStatus.FAILED:
            raise failed(self.info.ref, self.version, self.info.url)
        if status is DatasetStatus.PROCESSING:
            raise InvalidInput(
                f"Kaggle is still processing version {self.version} of {self.info.ref}.",
                code="not_ready",
                hint=NextCommand("datasets status", f"{self.info.ref} --wait"),
            )

    def make(self, archive: Path) -> None:
        """Unpack the archive, check what came, and give it the folder's name."""
        files = self.part.root / "files"
        shutil.rmtree(files, ignore_errors=True)
        try:
            with self.reporter.progress(f"Unpacking {self.info.ref}"):
                hashes = unpack(archive, files, is_case_sensitive=self.part.is_case_sensitive())
            check_sizes(self.datasets.file_sizes(self.info.ref, self.version), files)
        except (InvalidInput, NetworkFailed) as error:
            if error.code in (DAMAGED, ODD_FILES):
                shutil.rmtree(self.part.root, ignore_errors=True)
            raise
        write_record(files, self._identity, hashes)
        if self.out.is_dir():
            self.out.rmdir()
        files.rename(self.out)


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
