"""Data sets: pushed ones, and folders of this machine that stand for someone's on Kaggle."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from kitctl.local.state import archives, names
from kitctl.local.state.blobs import Blobs
from kitctl.local.state.clock import Clock
from kitctl.local.state.database import Database
from kitctl.local.state.records import Dataset, DatasetVersion
from kitctl.local.state.refusals import Refusal, bad_request, forbidden, not_found
from kitctl.local.state.settings import ServerSettings

# Competitions are kept as data sets of this owner, which no account can have.
COMPETITIONS = "competitions"


class Datasets:
    def __init__(
        self,
        database: Database,
        settings: ServerSettings,
        clock: Clock,
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
        about: Mapping[str, object],
        tokens: Sequence[str],
        *,
        is_private: bool,
    ) -> DatasetVersion:
        """Make a data set of uploaded blobs. It is not ready yet: see `process`."""
        owner, slug = reference
        if owner != self._account:
            raise forbidden("datasets.create")
        if not slug:
            raise bad_request("A data set needs a slug.")
        with self._database.transaction():
            if self._live(owner, slug) is not None:
                raise bad_request(
                    f'The requested title "{about.get("title", slug)}" is already in use by a '
                    "dataset. Please choose another title."
                )
            identity = self._insert(owner, slug, about, is_private=is_private)
            return self._add_version(identity, "Initial release", tokens)

    def add_version(
        self, dataset: Dataset, notes: str, tokens: Sequence[str], about: Mapping[str, object]
    ) -> DatasetVersion:
        """Make a data set's next version of uploaded blobs. It is not ready yet: see `process`."""
        with self._database.transaction():
            self.describe(dataset, about)
            return self._add_version(dataset.id, notes, tokens)

    def describe(self, dataset: Dataset, about: Mapping[str, object]) -> None:
        """Change what is said about a data set; what is not named stays."""
        row = self._live(dataset.owner, dataset.slug)
        assert row is not None
        known = json.loads(row["about"])
        known.update({key: value for key, value in about.items() if value})
        self._database.change(
            "UPDATE datasets SET about = ? WHERE id = ?", json.dumps(known), dataset.id
        )

    def process(self, version: DatasetVersion, tokens: Sequence[str]) -> None:
        """Lay a new version's files out, archives unpacked, and mark it ready or failed."""
        try:
            version.folder.mkdir(parents=True, exist_ok=True)
            for token in tokens:
                blob = self._blobs.take(token)
                archives.place(blob.path, blob.name, version.folder)
                self._blobs.forget(blob)
        except Refusal as refusal:
            self._finish(version, None, refusal.message)
        else:
            self._finish(version, self._clock.now() + self._settings["dataset_seconds"], None)

    def stand_in(self, reference: str, folder: Path) -> None:
        """Let a folder of this machine stand for `owner/slug` (or `competitions/slug`)."""
        owner, slug = names.split_reference(reference, default_owner=self._account)
        now = self._clock.now()
        with self._database.transaction():
            row = self._live(owner, slug)
            identity = row["id"] if row else self._insert(owner, slug, {"title": slug})
            self._database.change(
                "INSERT INTO dataset_versions VALUES (?, 1, '', ?, NULL, ?, ?) "
                "ON CONFLICT DO UPDATE SET folder = excluded.folder",
                identity,
                str(folder.resolve()),
                now,
                now,
            )
        # The folder, or what is in it, may have changed since.
        shutil.rmtree(self._archives(identity), ignore_errors=True)

    def find(self, owner: str, slug: str) -> Dataset:
        row = self._live(owner.lower(), slug.lower())
        if row is None or (row["is_private"] and row["owner"] != self._account):
            raise forbidden("datasets.get")
        return _dataset(row)

    def own(self, owner: str, slug: str) -> Dataset:
        dataset = self.find(owner, slug)
        if dataset.owner != self._account:
            raise forbidden("datasets.update")
        return dataset

    def by_id(self, dataset_id: int) -> Dataset:
        row = self._database.row(
            "SELECT * FROM datasets WHERE id = ? AND deleted_at IS NULL", dataset_id
        )
        if row is None:
            raise forbidden("datasets.get")
        return _dataset(row)

    def visible(self) -> list[Dataset]:
        rows = self._database.rows(
            "SELECT * FROM datasets WHERE deleted_at IS NULL AND owner != ? "
            "AND (owner = ? OR NOT is_private) ORDER BY created_at DESC, id DESC",
            COMPETITIONS,
            self._account,
        )
        return [_dataset(row) for row in rows]

    def versions(self, dataset: Dataset) -> list[DatasetVersion]:
        rows = self._database.rows(
            "SELECT * FROM dataset_versions WHERE dataset_id = ? ORDER BY number DESC", dataset.id
        )
        return [_version(dataset, row) for row in rows]

    def version(self, dataset: Dataset, number: int | None) -> DatasetVersion:
        """The version of that number; without one, the newest that is ready."""
        for version in self.versions(dataset):
            if version.number == number or (number is None and self.is_ready(version)):
                return version
        raise not_found(f"{dataset.owner}/{dataset.slug} has no such version that is ready.")

    def is_ready(self, version: DatasetVersion) -> bool:
        return version.ready_at is not None and version.ready_at <= self._clock.now()

    def exists(self, reference: str) -> bool:
        """Whether a push may name this as a data source."""
        return self.folder_of(reference) is not None

    def competition_exists(self, slug: str) -> bool:
        return self.folder_of_competition(slug) is not None

    def folder_of_competition(self, slug: str) -> Path | None:
        return self.folder_of(f"{COMPETITIONS}/{slug}")

    def folder_of(self, reference: str) -> Path | None:
        """The files that a run sees of `owner/slug[/version]`; None when there are none."""
        owner, slug, number = names.split_source(reference)
        try:
            version = self.version(self.find(owner, slug), number)
        except Refusal:
            return None
        return version.folder if version.folder.is_dir() else None

    def archive(self, version: DatasetVersion) -> Path:
        """All of a version's files as one zip, made at the first call."""
        dataset = version.dataset
        archive = self._archives(dataset.id) / str(version.number) / f"{dataset.slug}.zip"
        if not archive.exists():
            archives.pack(version.folder, archive)
        return archive

    def delete(self, dataset: Dataset) -> None:
        self._database.change(
            "UPDATE datasets SET deleted_at = ? WHERE id = ?", self._clock.now(), dataset.id
        )

    def _archives(self, dataset_id: int) -> Path:
        return self._folder / str(dataset_id) / "archives"

    def _live(self, owner: str, slug: str) -> sqlite3.Row | None:
        return self._database.row(
            "SELECT * FROM datasets WHERE owner = ? AND slug = ? AND deleted_at IS NULL",
            owner,
            slug,
        )

    def _insert(
        self, owner: str, slug: str, about: Mapping[str, object], *, is_private: bool = False
    ) -> int:
        return self._database.change(
            "INSERT INTO datasets (owner, slug, about, is_private, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            owner,
            slug,
            json.dumps(dict(about)),
            is_private,
            self._clock.now(),
        )

    def _add_version(self, dataset_id: int, notes: str, tokens: Sequence[str]) -> DatasetVersion:
        for token in tokens:
            self._blobs.take(token)
        newest = self._database.row(
            "SELECT COALESCE(MAX(number), 0) AS number FROM dataset_versions WHERE dataset_id = ?",
            dataset_id,
        )
        assert newest is not None
        number: int = newest["number"] + 1
        folder = self._folder / str(dataset_id) / "versions" / str(number)
        self._database.change(
            "INSERT INTO dataset_versions VALUES (?, ?, ?, ?, NULL, NULL, ?)",
            dataset_id,
            number,
            notes,
            str(folder),
            self._clock.now(),
        )
        return self.versions(self.by_id(dataset_id))[0]

    def _finish(self, version: DatasetVersion, ready_at: float | None, failure: str | None) -> None:
        self._database.change(
            "UPDATE dataset_versions SET ready_at = ?, failure = ? "
            "WHERE dataset_id = ? AND number = ?",
            ready_at,
            failure,
            version.dataset.id,
            version.number,
        )


def _dataset(row: sqlite3.Row) -> Dataset:
    about = json.loads(row["about"])
    return Dataset(
        id=row["id"],
        owner=row["owner"],
        slug=row["slug"],
        title=about.get("title", row["slug"]),
        subtitle=about.get("subtitle", ""),
        description=about.get("description", ""),
        license=about.get("license", ""),
        keywords=tuple(about.get("keywords", ())),
        is_private=bool(row["is_private"]),
        created_at=row["created_at"],
    )


def _version(dataset: Dataset, row: sqlite3.Row) -> DatasetVersion:
    return DatasetVersion(
        dataset=dataset,
        number=row["number"],
        notes=row["notes"],
        folder=Path(row["folder"]),
        failure=row["failure"],
        ready_at=row["ready_at"],
        created_at=row["created_at"],
    )
