"""Kernels and their versions: save, find, list and delete."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from kitctl.local.state import machines, names
from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.datasets import Datasets
from kitctl.local.state.errors import bad_request, forbidden, not_found
from kitctl.local.state.models import Models
from kitctl.local.state.quota import Quota
from kitctl.local.state.records import Kernel, KernelVersion, SavedVersion, SaveRequest, Session
from kitctl.local.state.sessions import Sessions

LARGEST_SOURCE_BYTES = 1_000_000


class Kernels:
    """The account's kernels, and other owners' public ones."""

    def __init__(
        self,
        database: Database,
        clock: ServerClock,
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
        self._models = Models(datasets, account)
        self._account = account

    def save(
        self, kernel_id: int | None, reference: str, source: str, request: SaveRequest
    ) -> SavedVersion:
        """Save the next version of a kernel, which may be new, and queue its session.

        Raises:
            ApiError: where Kaggle answers with an HTTP error. An exhausted quota and too many
                sessions are no such errors: they come back as `SavedVersion.error`.
        """
        if len(source.encode()) >= LARGEST_SOURCE_BYTES:
            raise bad_request("The kernel source must be less than 1 megabytes in size.")
        if request.title and len(request.title) < names.SHORTEST_TITLE:
            raise bad_request("Title must be at least five characters")
        machine = machines.choose(
            request.machine_shape, enable_gpu=request.enable_gpu, enable_tpu=request.enable_tpu
        )
        with self._database.transaction():
            row = self._own(kernel_id, reference)
            if row is not None:
                title = request.title or row["title"]
            elif not request.title:
                raise bad_request("A title must be specified")
            else:
                title = request.title
            error = self._push_error(title, machine.pool, is_new=row is None, runs=request.runs)
            if error is not None:
                return SavedVersion(error=error)
            identity = (
                self._update(row["id"], title, request) if row else self._create(title, request)
            )
            on_machine = replace(
                request,
                machine_shape=machine.shape,
                enable_gpu=machine.pool == "gpu",
                enable_tpu=machine.pool == "tpu",
            )
            request, invalid = self._split_sources(on_machine)
            number = self._add_version(identity, source, request)
            if request.runs:
                longest = machines.LONGEST_SESSION_SECONDS[machine.pool]
                timeout = min(request.timeout_seconds or longest, longest)
                self._sessions.queue(identity, number, machine.pool, timeout)
            return SavedVersion(self._kernel(identity), number, None, invalid)

    def _push_error(
        self, title: str, pool: machines.Pool, *, is_new: bool, runs: bool
    ) -> str | None:
        """Return the message of an error that Kaggle sends with status 200, if there is one."""
        if is_new and self._live(self._account, names.slugify(title)) is not None:
            return (
                f'The requested title "{title}" is already in use by a notebook. '
                "Please choose another title."
            )
        return self._quota.limit_message(pool) if runs else None

    def add_version(
        self, owner: str, slug: str, source: str, request: SaveRequest
    ) -> tuple[int, int]:
        """Make the next version of a kernel of anyone's, without a session.

        Returns:
            the kernel's id and the version's number.
        """
        with self._database.transaction():
            row = self._live(owner, slug)
            identity = row["id"] if row else self._insert(owner, slug, request.title, request)
            return identity, self._add_version(identity, source, request)

    def find(self, owner: str, slug: str, permission: str = "kernels.get") -> Kernel:
        """Return a kernel.

        Raises:
            ApiError: it does not exist, or this account may not see it.
        """
        row = self._named(owner.lower(), slug.lower())
        if row is None or (row["is_private"] and row["owner"] != self._account):
            raise forbidden(permission)
        return self._kernel(row["id"])

    def own(self, owner: str, slug: str, permission: str) -> Kernel:
        kernel = self.find(owner, slug, permission)
        if kernel.owner != self._account:
            raise forbidden(permission)
        return kernel

    def version(self, kernel: Kernel, label: str | None) -> KernelVersion:
        """Return the version of a label `v<N>`; without a label, the newest one."""
        number = names.version_number(label) if label else kernel.current_version
        row = self._database.fetch_one(
            "SELECT * FROM versions WHERE kernel_id = ? AND number = ?", kernel.id, number
        )
        if row is None:
            raise not_found(f'There is no version "{label}".')
        return KernelVersion(
            kernel, number, row["source"], SaveRequest.from_json(row["job"]), row["created_at"]
        )

    def version_by_number(self, kernel_id: int, number: int) -> KernelVersion:
        """Return a version by its number, whoever owns the kernel."""
        return self.version(self._kernel(kernel_id), f"v{number}")

    def check_owner(self, kernel_id: int, permission: str) -> None:
        """Raise ApiError unless the account owns the kernel."""
        if self._kernel(kernel_id).owner != self._account:
            raise forbidden(permission)

    def source_session(self, source: names.SourceRef) -> Session | None:
        """Return the session whose outputs a kernel source mounts: the version's, or the newest."""
        row = self._named(source.owner, source.slug)
        if row is None:
            return None
        if source.version is not None:
            return self._sessions.of_version(row["id"], source.version)
        return self._sessions.newest_complete(row["id"])

    def visible(self) -> list[Kernel]:
        """Return every kernel that the account may see, the last pushed one first."""
        rows = self._database.fetch_all(
            "SELECT id FROM kernels WHERE deleted_at IS NULL AND (owner = ? OR NOT is_private)",
            self._account,
        )
        kernels = [self._kernel(row["id"]) for row in rows]
        return sorted(kernels, key=lambda kernel: kernel.last_run_at, reverse=True)

    def copy_of(self, kernel_id: int, parent: str) -> None:
        """Record that a kernel was copied from another one (`owner/slug`) in the editor."""
        self._database.execute(
            "INSERT OR REPLACE INTO forks VALUES (?, ?)", kernel_id, parent.lower()
        )

    def parent(self, kernel: Kernel) -> str:
        """Return the kernel that a kernel was copied from, as `owner/slug`; "" for none."""
        row = self._database.fetch_one("SELECT parent FROM forks WHERE kernel_id = ?", kernel.id)
        return str(row["parent"]) if row else ""

    def delete(self, kernel: Kernel) -> None:
        """Delete a kernel and stop its runs; the quota that they used stays used."""
        with self._database.transaction():
            self._sessions.request_cancel_all(kernel.id)
            self._database.execute(
                "UPDATE kernels SET deleted_at = ? WHERE id = ?", self._clock.now(), kernel.id
            )

    def _own(self, kernel_id: int | None, reference: str) -> sqlite3.Row | None:
        """Return the row of the account's kernel that a push is for; None for a new kernel."""
        if kernel_id is not None:
            row = self._database.fetch_one(
                "SELECT * FROM kernels WHERE id = ? AND deleted_at IS NULL", kernel_id
            )
            if row is not None and row["owner"] == self._account:
                return row
            # The number of a kernel at kaggle.com means nothing here.
            if row is not None or not reference:
                raise forbidden("kernels.update")
        owner, slug = names.split_reference(reference, default_owner=self._account)
        row = self._named(owner, slug)
        if row is not None and row["owner"] != self._account:
            raise forbidden("kernels.create")
        return row

    def _named(self, owner: str, slug: str) -> sqlite3.Row | None:
        """Return the kernel of this name; the account stands in for owners who are not here."""
        slugs = dict.fromkeys((slug, names.slugify(slug)))
        owners = dict.fromkeys((owner, self._account))
        rows = (self._live(owner, slug) for owner in owners for slug in slugs)
        return next((row for row in rows if row is not None), None)

    def _live(self, owner: str, slug: str) -> sqlite3.Row | None:
        return self._database.fetch_one(
            "SELECT * FROM kernels WHERE owner = ? AND slug = ? AND deleted_at IS NULL", owner, slug
        )

    def _create(self, title: str, request: SaveRequest) -> int:
        slug = names.slugify(title)
        if not slug:
            raise bad_request(f'No address can be made of the title "{title}".')
        return self._insert(self._account, slug, title, request)

    def _insert(self, owner: str, slug: str, title: str, request: SaveRequest) -> int:
        return self._database.execute(
            "INSERT INTO kernels (owner, slug, title, is_private, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            owner,
            slug,
            title,
            request.is_private,
            self._clock.now(),
        )

    def _update(self, kernel_id: int, title: str, request: SaveRequest) -> int:
        self._database.execute(
            "UPDATE kernels SET title = ?, is_private = ? WHERE id = ?",
            title,
            request.is_private,
            kernel_id,
        )
        return kernel_id

    def _add_version(self, kernel_id: int, source: str, request: SaveRequest) -> int:
        newest = self._database.fetch_one(
            "SELECT COALESCE(MAX(number), 0) AS number FROM versions WHERE kernel_id = ?", kernel_id
        )
        assert newest is not None
        number: int = newest["number"] + 1
        self._database.execute(
            "INSERT INTO versions VALUES (?, ?, ?, ?, ?)",
            kernel_id,
            number,
            source,
            json.dumps(asdict(request)),
            self._clock.now(),
        )
        return number

    def _split_sources(self, request: SaveRequest) -> tuple[SaveRequest, dict[str, list[str]]]:
        """Return the request without the sources that do not exist, and these by kind."""

        def stands_in(kind: str, name: str) -> bool:
            return self._datasets.stand_in(kind, name) is not None

        exists: dict[str, Callable[[str], bool]] = {
            "dataset": self._datasets.exists,
            "kernel": lambda name: self._is_visible(name) or stands_in("notebooks", name),
            "competition": lambda name: stands_in("competitions", name),
            "model": lambda name: self._models.folder_of(name.lower()) is not None,
        }
        invalid: dict[str, list[str]] = {}
        existing: dict[str, Any] = {}
        for kind, source_exists in exists.items():
            sources: tuple[str, ...] = getattr(request, f"{kind}_sources")
            existing[f"{kind}_sources"] = tuple(name for name in sources if source_exists(name))
            invalid[kind] = [name for name in sources if not source_exists(name)]
        return replace(request, **existing), invalid

    def _is_visible(self, reference: str) -> bool:
        source = names.split_source(reference)
        row = self._named(source.owner, source.slug)
        return row is not None and (row["owner"] == self._account or not row["is_private"])

    def _kernel(self, kernel_id: int) -> Kernel:
        row = self._database.fetch_one(
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
