"""Data sets: uploaded ones, and folders of this machine that stand for Kaggle's data sets."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from kitctl.local.state import archives, names
from kitctl.local.state.blobs import Blobs
from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.dataset_limits import check_limits
from kitctl.local.state.dataset_rows import dataset_of, version_of
from kitctl.local.state.errors import ApiError, TitleTaken, bad_request, forbidden, not_found
from kitctl.local.state.files import bytes_below
from kitctl.local.state.records import Dataset, DatasetVersion, Upload
from kitctl.local.state.settings import ServerSettings

DELETED = "deleted"  # the failure of a version that was deleted


class Datasets:
    """Data sets and competitions, with their versions and files."""

    def __init__(
        self,
        database: Database,
        settings: ServerSettings,
        clock: ServerClock,
        blobs: Blobs,
        folder: Path,
        account: str,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._blobs = blobs
        self._folder = folder
        self._account = account

    def create(
        self,
        reference: tuple[str, str],
        details: Mapping[str, object],
        uploads: Sequence[Upload],
        *,
        is_private: bool,
    ) -> DatasetVersion:
        """Create a data set of uploaded blobs. It is not ready before `process`."""
        check_limits(uploads, self._blobs, self._settings)
        with self._database.transaction():
            empty = self.create_empty(reference, details, is_private=is_private)
            return self._add_version(empty.id, "Initial release", uploads)

    def create_empty(
        self, reference: tuple[str, str], details: Mapping[str, object], *, is_private: bool
    ) -> Dataset:
        """Create a data set without a version; a model of its owner is one of `models`."""
        owner, slug = reference
        is_model = owner == names.MODELS and slug.startswith(f"{self._account}/")
        if owner != self._account and not is_model:
            raise forbidden("datasets.create")
        if not slug:
            raise bad_request("A data set needs a slug.")
        with self._database.transaction():
            if self._live(owner, slug) is not None:
                raise TitleTaken(
                    f'The requested title "{details.get("title", slug)}" is already in use by a '
                    "dataset. Please choose another title."
                )
            return self.by_id(self._insert(owner, slug, details, is_private=is_private))

    def add_version(
        self, dataset: Dataset, notes: str, uploads: Sequence[Upload], details: Mapping[str, object]
    ) -> DatasetVersion:
        """Create a data set's next version of uploaded blobs. It is not ready before `process`."""
        check_limits(uploads, self._blobs, self._settings)
        with self._database.transaction():
            self.update_details(dataset, details)
            return self._add_version(dataset.id, notes, uploads)

    def update_details(self, dataset: Dataset, details: Mapping[str, object]) -> None:
        """Change title, subtitle, description, license or keywords; empty ones stay as they are."""
        self.set_details(dataset, {key: value for key, value in details.items() if value})

    def set_details(
        self, dataset: Dataset, details: Mapping[str, object], *, is_private: bool | None = None
    ) -> None:
        """Change details, also to empty ones; `is_private` None leaves it as it is."""
        row = self._live(dataset.owner, dataset.slug)
        assert row is not None
        self._database.execute(
            "UPDATE datasets SET about = ?, is_private = ? WHERE id = ?",
            json.dumps({**json.loads(row["about"]), **details}),
            row["is_private"] if is_private is None else is_private,
            dataset.id,
        )

    def process(self, version: DatasetVersion, uploads: Sequence[Upload]) -> None:
        """Store a new version's files, archives unpacked, and mark the version ready or failed."""
        try:
            version.folder.mkdir(parents=True, exist_ok=True)
            for token, folder in uploads:
                blob = self._blobs.get_complete(token)
                archives.unpack(blob.path, f"{folder}{blob.name}", version.folder)
                self._blobs.delete(blob)
        except ApiError as error:
            self._finish(version, None, error.message)
        else:
            self._finish(version, self._clock.now() + self._settings["dataset_seconds"], None)

    def register_folder(self, reference: str, folder: Path) -> None:
        """Make a folder of this machine the newest version of this data set, competition, …"""
        owner, slug = names.split_stand_in(reference, default_owner=self._account)
        now = self._clock.now()
        with self._database.transaction():
            row = self._live(owner, slug)
            identity = row["id"] if row else self._insert(owner, slug, {"title": slug})
            newest = self._newest_version(identity)
            is_upload = newest and Path(newest["folder"]).is_relative_to(self._folder)
            if newest is None or is_upload or newest["failure"]:
                self._insert_version(identity, "", folder.resolve(), ready_at=now)
            else:
                self._database.execute(
                    "UPDATE dataset_versions SET folder = ? WHERE dataset_id = ? AND number = ?",
                    *(str(folder.resolve()), identity, newest["number"]),
                )
        # The folder or its files may have changed since the archive was made.
        shutil.rmtree(self._archives(identity), ignore_errors=True)

    def find(self, owner: str, slug: str) -> Dataset:
        """Return a data set.

        Raises:
            ApiError: it does not exist, or this account may not see it.
        """
        row = self._live(owner.lower(), slug.lower())
        if row is None and owner.lower() not in names.STAND_IN_KINDS:
            # The account stands in for owners who are not here.
            row = self._live(self._account, slug.lower())
        is_own = row is not None and row["owner"] in (self._account, *names.STAND_IN_KINDS)
        if row is None or (row["is_private"] and not is_own):
            raise forbidden("datasets.get")
        return dataset_of(row)

    def own(self, owner: str, slug: str) -> Dataset:
        """Return a data set that the account may change.

        Raises:
            ApiError: it is another owner's, or does not exist.
        """
        dataset = self.find(owner, slug)
        if dataset.owner != self._account:
            raise forbidden("datasets.update")
        return dataset

    def by_id(self, dataset_id: int) -> Dataset:
        row = self._database.fetch_one(
            "SELECT * FROM datasets WHERE id = ? AND deleted_at IS NULL", dataset_id
        )
        if row is None:
            raise forbidden("datasets.get")
        return dataset_of(row)

    def visible(self) -> list[Dataset]:
        """Return every data set that the account may see, the newest first."""
        rows = self._database.fetch_all(
            "SELECT * FROM datasets WHERE deleted_at IS NULL AND owner NOT IN (?, ?, ?) "
            "AND (owner = ? OR NOT is_private) ORDER BY created_at DESC, id DESC",
            *names.STAND_IN_KINDS,
            self._account,
        )
        return [dataset_of(row) for row in rows]

    def of_kind(self, kind: str) -> list[Dataset]:
        """Return what is stored under one of the stand-ins' kinds, the newest first."""
        rows = self._database.fetch_all(
            "SELECT * FROM datasets WHERE deleted_at IS NULL AND owner = ? ORDER BY id DESC", kind
        )
        return [dataset_of(row) for row in rows]

    def versions(self, dataset: Dataset) -> list[DatasetVersion]:
        """Return a data set's versions, the newest first."""
        rows = self._database.fetch_all(
            "SELECT * FROM dataset_versions WHERE dataset_id = ? AND failure IS NOT ?"
            " ORDER BY number DESC",
            dataset.id,
            DELETED,
        )
        return [version_of(dataset, row) for row in rows]

    def version(self, dataset: Dataset, number: int | None) -> DatasetVersion:
        """Return a version by its number; without a number, the newest that is ready."""
        for version in self.versions(dataset):
            if version.number == number or (number is None and self.is_ready(version)):
                return version
        raise not_found(f"{dataset.owner}/{dataset.slug} has no such version that is ready.")

    def is_ready(self, version: DatasetVersion) -> bool:
        return version.ready_at is not None and version.ready_at <= self._clock.now()

    def exists(self, reference: str) -> bool:
        """Return whether a push may name this data set as a source."""
        return self.folder_of(reference) is not None

    def stand_in(self, kind: str, name: str) -> Path | None:
        """Return the folder that stands for a competition, a model or a kernel's outputs."""
        row = self._live(kind, name.lower())
        return None if row is None else self.version(dataset_of(row), None).folder

    def folder_of(self, reference: str) -> Path | None:
        """Return the folder that a run mounts for `owner/slug[/version]`, if there is one."""
        owner, slug, number = names.split_source(reference)
        try:
            version = self.version(self.find(owner, slug), number)
        except ApiError:
            return None
        return version.folder if version.folder.is_dir() else None

    def archive(self, version: DatasetVersion, ending: str = ".zip") -> Path:
        """Return a .zip or .tar.gz of all of a version's files, made at the first call."""
        return archives.of_version(version, self._archives(version.dataset.id), ending)

    def total_bytes(self, dataset: Dataset) -> int:
        """Return the size of a data set's newest version."""
        return bytes_below(self.versions(dataset)[0].folder)

    def delete(self, dataset: Dataset) -> None:
        self._database.execute(
            "UPDATE datasets SET deleted_at = ? WHERE id = ?", self._clock.now(), dataset.id
        )

    def delete_version(self, version: DatasetVersion) -> None:
        """Delete a version, and what it is one of with the last; its number is not used again."""
        self._finish(version, None, DELETED)
        if not self.versions(version.dataset):
            self.delete(version.dataset)

    def _archives(self, dataset_id: int) -> Path:
        return self._folder / str(dataset_id) / "archives"

    def _insert_version(
        self, dataset_id: int, notes: str, folder: Path | None = None, ready_at: float | None = None
    ) -> None:
        """Insert the next version: of a folder that stands for it, else of a new one."""
        newest = self._newest_version(dataset_id)
        number = newest["number"] + 1 if newest else 1
        folder = folder or self._folder / str(dataset_id) / "versions" / str(number)
        self._database.execute(
            "INSERT INTO dataset_versions VALUES (?, ?, ?, ?, NULL, ?, ?)",
            *(dataset_id, number, notes, str(folder), ready_at, self._clock.now()),
        )

    def _newest_version(self, dataset_id: int) -> sqlite3.Row | None:
        """Return the version with the highest number, also a failed or a deleted one."""
        return self._database.fetch_one(
            "SELECT * FROM dataset_versions WHERE dataset_id = ? ORDER BY number DESC LIMIT 1",
            dataset_id,
        )

    def _live(self, owner: str, slug: str) -> sqlite3.Row | None:
        return self._database.fetch_one(
            "SELECT * FROM datasets WHERE owner = ? AND slug = ? AND deleted_at IS NULL",
            owner,
            slug,
        )

    def _insert(
        self, owner: str, slug: str, details: Mapping[str, object], *, is_private: bool = False
    ) -> int:
        return self._database.execute(
            "INSERT INTO datasets (owner, slug, about, is_private, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            owner,
            slug,
            json.dumps(dict(details)),
            is_private,
            self._clock.now(),
        )

    def _add_version(
        self, dataset_id: int, notes: str, uploads: Sequence[Upload]
    ) -> DatasetVersion:
        for upload in uploads:
            self._blobs.get_complete(upload.token)
        self._insert_version(dataset_id, notes)
        return self.versions(self.by_id(dataset_id))[0]

    def _finish(self, version: DatasetVersion, ready_at: float | None, failure: str | None) -> None:
        self._database.execute(
            "UPDATE dataset_versions SET ready_at = ?, failure = ? "
            "WHERE dataset_id = ? AND number = ?",
            ready_at,
            failure,
            version.dataset.id,
            version.number,
        )
