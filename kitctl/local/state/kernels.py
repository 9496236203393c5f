"""Kernels and their versions: pushing, reading, listing, deleting."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from kitctl.local.state import accelerators, names
from kitctl.local.state.clock import Clock
from kitctl.local.state.database import Database
from kitctl.local.state.datasets import Datasets
from kitctl.local.state.quota import Quota
from kitctl.local.state.records import Kernel, KernelVersion, SavedVersion, SaveRequest, Session
from kitctl.local.state.refusals import bad_request, forbidden, not_found
from kitctl.local.state.sessions import Sessions

LARGEST_SOURCE_BYTES = 1_000_000


class Kernels:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        quota: Quota,
        sessions: Sessions,
        datasets: Datasets,
        account: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._quota = quota
        self._sessions = sessions
        self._datasets = datasets
        self._account = account

    def save(
        self, kernel_id: int | None, reference: str, source: str, job: SaveRequest
    ) -> SavedVersion:
        """Take a push: make the kernel's next version and queue its session.

        Raises:
            Refusal: for what Kaggle answers with an HTTP error. Quota and capacity are not among
                these: they come back as `Saved.error`.
        """
        if len(source.encode()) >= LARGEST_SOURCE_BYTES:
            raise bad_request("The kernel source must be less than 1 megabytes in size.")
        if job.title and len(job.title) < names.SHORTEST_TITLE:
            raise bad_request("Title must be at least five characters")
        machine = accelerators.choose(
            job.machine_shape, enable_gpu=job.enable_gpu, enable_tpu=job.enable_tpu
        )
        with self._database.transaction():
            row = self._own(kernel_id, reference)
            if row is not None:
                title = job.title or row["title"]
            else:
                title = job.title or names.split_reference(reference, default_owner="")[1]
            error = self._refusal(title, machine.kind, is_new=row is None, runs=job.runs)
            if error is not None:
                return SavedVersion(error=error)
            identity = self._update(row["id"], title, job) if row else self._create(title, job)
            job, invalid = self._known_sources(replace(job, machine_shape=machine.shape))
            number = self._add_version(identity, source, job)
            if job.runs:
                longest = accelerators.LONGEST_SESSION_SECONDS[machine.kind]
                timeout = min(job.timeout_seconds or longest, longest)
                self._sessions.queue(identity, number, machine.kind, timeout)
            return SavedVersion(self._kernel(identity), number, None, invalid)

    def _refusal(
        self, title: str, kind: accelerators.Kind, *, is_new: bool, runs: bool
    ) -> str | None:
        """Kaggle's words for what it answers with 200 and an error."""
        if is_new and self._live(self._account, names.slugify(title)) is not None:
            return (
                f'The requested title "{title}" is already in use by a notebook. '
                "Please choose another title."
            )
        return self._quota.refusal(kind) if runs else None

    def add_version(self, owner: str, slug: str, source: str, job: SaveRequest) -> tuple[int, int]:
        """Make the next version of a kernel of anyone's, without a session.

        Returns:
            the kernel's id and the version's number.
        """
        with self._database.transaction():
            row = self._live(owner, slug)
            identity = row["id"] if row else self._insert(owner, slug, job.title, job)
            return identity, self._add_version(identity, source, job)

    def find(self, owner: str, slug: str, permission: str = "kernels.get") -> Kernel:
        """The kernel, if it exists and this account may see it."""
        row = self._live(owner.lower(), slug.lower())
        if row is None or (row["is_private"] and row["owner"] != self._account):
            raise forbidden(permission)
        return self._kernel(row["id"])

    def own(self, owner: str, slug: str, permission: str) -> Kernel:
        kernel = self.find(owner, slug, permission)
        if kernel.owner != self._account:
            raise forbidden(permission)
        return kernel

    def version(self, kernel: Kernel, label: str | None) -> KernelVersion:
        """The version that a label names; without one, the newest."""
        number = names.version_number(label) if label else kernel.current_version
        row = self._database.row(
            "SELECT * FROM versions WHERE kernel_id = ? AND number = ?", kernel.id, number
        )
        if row is None:
            raise not_found(f'There is no version "{label}".')
        return KernelVersion(
            kernel, number, row["source"], SaveRequest.from_json(row["job"]), row["created_at"]
        )

    def version_of(self, kernel_id: int, number: int) -> KernelVersion:
        """A version by its place in the books, whoever's it is."""
        return self.version(self._kernel(kernel_id), f"v{number}")

    def check_owner(self, kernel_id: int, permission: str) -> None:
        """Refuse what only the owner of a kernel may do."""
        if self._kernel(kernel_id).owner != self._account:
            raise forbidden(permission)

    def source_session(self, source: names.SourceRef) -> Session | None:
        """The run whose outputs a kernel source stands for: the named version's or the newest."""
        row = self._live(source.owner, source.slug)
        if row is None:
            return None
        if source.version is not None:
            return self._sessions.of_version(row["id"], source.version)
        return self._sessions.newest_complete(row["id"])

    def visible(self) -> list[Kernel]:
        """Every kernel that this account may see, the one pushed last first."""
        rows = self._database.rows(
            "SELECT id FROM kernels WHERE deleted_at IS NULL AND (owner = ? OR NOT is_private)",
            self._account,
        )
        kernels = [self._kernel(row["id"]) for row in rows]
        return sorted(kernels, key=lambda kernel: kernel.last_run_at, reverse=True)

    def delete(self, kernel: Kernel) -> None:
        """Remove a kernel; its runs are stopped, and what they used stays used."""
        with self._database.transaction():
            self._sessions.cancel_all(kernel.id)
            self._database.change(
                "UPDATE kernels SET deleted_at = ? WHERE id = ?", self._clock.now(), kernel.id
            )

    def _own(self, kernel_id: int | None, reference: str) -> sqlite3.Row | None:
        """The account's kernel that a push is for; None when it would be a new one."""
        if kernel_id is not None:
            row = self._database.row(
                "SELECT * FROM kernels WHERE id = ? AND deleted_at IS NULL", kernel_id
            )
            if row is None or row["owner"] != self._account:
                raise forbidden("kernels.update")
            return row
        owner, slug = names.split_reference(reference, default_owner=self._account)
        if owner != self._account:
            raise forbidden("kernels.create")
        return self._live(owner, slug)

    def _live(self, owner: str, slug: str) -> sqlite3.Row | None:
        return self._database.row(
            "SELECT * FROM kernels WHERE owner = ? AND slug = ? AND deleted_at IS NULL", owner, slug
        )

    def _create(self, title: str, job: SaveRequest) -> int:
        slug = names.slugify(title)
        if not slug:
            raise bad_request(f'No address can be made of the title "{title}".')
        return self._insert(self._account, slug, title, job)

    def _insert(self, owner: str, slug: str, title: str, job: SaveRequest) -> int:
        return self._database.change(
            "INSERT INTO kernels (owner, slug, title, is_private, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            owner,
            slug,
            title,
            job.is_private,
            self._clock.now(),
        )

    def _update(self, kernel_id: int, title: str, job: SaveRequest) -> int:
        self._database.change(
            "UPDATE kernels SET title = ?, is_private = ? WHERE id = ?",
            title,
            job.is_private,
            kernel_id,
        )
        return kernel_id

    def _add_version(self, kernel_id: int, source: str, job: SaveRequest) -> int:
        newest = self._database.row(
            "SELECT COALESCE(MAX(number), 0) AS number FROM versions WHERE kernel_id = ?", kernel_id
        )
        assert newest is not None
        number: int = newest["number"] + 1
        self._database.change(
            "INSERT INTO versions VALUES (?, ?, ?, ?, ?)",
            kernel_id,
            number,
            source,
            json.dumps(asdict(job)),
            self._clock.now(),
        )
        return number

    def _known_sources(self, job: SaveRequest) -> tuple[SaveRequest, dict[str, list[str]]]:
        """The job without the sources that do not exist, and these by kind."""
        exists: dict[str, Callable[[str], bool]] = {
            "dataset": self._datasets.exists,
            "kernel": self._is_visible,
            "competition": self._datasets.competition_exists,
            # The local Kaggle keeps no models.
            "model": lambda reference: False,
        }
        invalid: dict[str, list[str]] = {}
        kept: dict[str, Any] = {}
        for kind, known in exists.items():
            asked: tuple[str, ...] = getattr(job, f"{kind}_sources")
            kept[f"{kind}_sources"] = tuple(source for source in asked if known(source))
            invalid[kind] = [source for source in asked if not known(source)]
        return replace(job, **kept), invalid

    def _is_visible(self, reference: str) -> bool:
        source = names.split_source(reference)
        row = self._live(source.owner, source.slug)
        return row is not None and (row["owner"] == self._account or not row["is_private"])

    def _kernel(self, kernel_id: int) -> Kernel:
        row = self._database.row(
            "SELECT k.*, MAX(v.number) AS current_version, MAX(v.created_at) AS last_run_at "
            "FROM kernels k JOIN versions v ON v.kernel_id = k.id WHERE k.id = ? GROUP BY k.id",
            kernel_id,
        )
        assert row is not None
        return Kernel(
            id=row["id"],
            owner=row["owner"],
            slug=row["slug"],
            title=row["title"],
            is_private=bool(row["is_private"]),
            current_version=row["current_version"],
            last_run_at=row["last_run_at"],
        )
