"""What the host of a competition does: make it, its pages, settings, data and solution.

The account may host every competition here, also one that a folder of this machine stands for; that
folder itself is never changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kitctl.local.state.competitions import DESCRIPTION, FILES, SOLUTION, Competitions
from kitctl.local.state.database import Database
from kitctl.local.state.datasets import Datasets
from kitctl.local.state.errors import bad_request, not_found
from kitctl.local.state.names import COMPETITIONS
from kitctl.local.state.records import Blob, Competition, DatasetVersion, Upload

# A setting by its name in the API → the detail of the competition that it changes.
_DETAILS = {
    "title": "title",
    "onlyAllowKernelSubmissions": "code_only",
    "disableSubmissions": "submissions_disabled",
}


class Hosting:
    """The host's side of all competitions."""

    def __init__(
        self,
        database: Database,
        competitions: Competitions,
        datasets: Datasets,
        folder: Path,
    ) -> None:
        self._database = database
        self._competitions = competitions
        self._datasets = datasets
        self._folder = folder

    def create(self, slug: str, title: str, description: str) -> Competition:
        """Make a competition without data and solution; it is scored by accuracy.

        Raises:
            ApiError: there is one of this slug, or the slug or the title is missing.
        """
        if not slug or not title:
            raise bad_request("A competition needs a slug and a title.")
        if any(one.slug == slug for one in self._competitions.all()):
            raise bad_request(f'The URL "{slug}" is already in use by a competition.')
        folder = self._folder / slug
        (folder / FILES).mkdir(parents=True, exist_ok=True)
        (folder / DESCRIPTION).write_text(json.dumps({"title": title}), "utf-8")
        self._competitions.register_folder(slug, folder)
        self.put_page(slug, {"name": "description", "content": description, "isPublished": True})
        return self._competitions.find(slug)

    def pages(self, slug: str) -> dict[str, dict[str, Any]]:
        """Return a competition's pages by name, as the API shows them."""
        pages: dict[str, dict[str, Any]] = self._value(slug, "pages", {})
        return pages

    def put_page(self, slug: str, page: Mapping[str, Any]) -> dict[str, Any]:
        """Add a page, or change the one of its name; return it."""
        name = str(page["name"])
        pages = self.pages(slug)
        standard = {"postTitle": name, "mimeType": "text/html", "isPublished": False}
        pages[name] = {**standard, **pages.get(name, {}), **page}
        self._set(slug, "pages", pages)
        return pages[name]

    def delete_page(self, slug: str, name: str) -> None:
        """Delete a page.

        Raises:
            ApiError: there is none of this name.
        """
        pages = self.pages(slug)
        if pages.pop(name, None) is None:
            raise not_found(f'This competition has no page "{name}".')
        self._set(slug, "pages", pages)

    def hosts(self, slug: str) -> list[str]:
        """Return the user names that were added as hosts."""
        hosts: list[str] = self._value(slug, "hosts", [])
        return hosts

    def add_host(self, slug: str, name: str) -> None:
        self._set(slug, "hosts", sorted({*self.hosts(slug), name}))

    def settings(self, competition: Competition) -> dict[str, Any]:
        """Return the settings that were set, by their names in the API."""
        settings: dict[str, Any] = self._value(competition.slug, "settings", {})
        return {
            "title": competition.title,
            "competitionName": competition.slug,
            "hasLeaderboard": True,
            **settings,
        }

    def update_settings(self, slug: str, changes: Mapping[str, Any]) -> None:
        """Set some settings, None for none; those that the local Kaggle knows take effect."""
        settings = {**self._value(slug, "settings", {}), **changes}
        in_force = {name: value for name, value in settings.items() if value is not None}
        self._set(slug, "settings", in_force)
        details = {_DETAILS[name]: value for name, value in changes.items() if name in _DETAILS}
        if not details.get("title"):
            details.pop("title", None)
        self._competitions.update_details(slug, details)

    def launch(self, slug: str, at: str) -> None:
        """Note when it is launched, as the API writes times."""
        self._set(slug, "launch", at)

    def launched_at(self, slug: str) -> str:
        """Return that time, "" where none is noted."""
        at: str = self._value(slug, "launch", "")
        return at

    def set_solution(self, slug: str, blob: Blob) -> None:
        """Score the submissions to come by an uploaded file."""
        path = self._folder / slug / SOLUTION
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(blob.path, path)
        self._competitions.set_solution(slug, path)

    def add_data(self, slug: str, uploads: Sequence[Upload], notes: str) -> DatasetVersion:
        """Replace a competition's data by uploaded files."""
        version = self._datasets.add_version(
            self._datasets.find(COMPETITIONS, slug), notes, uploads, {}
        )
        self._datasets.process(version, uploads)
        return version

    def _value(self, slug: str, name: str, default: Any) -> Any:
        row = self._database.fetch_one(
            "SELECT value FROM hosting WHERE competition = ? AND name = ?", slug, name
        )
        return json.loads(row["value"]) if row else default

    def _set(self, slug: str, name: str, value: Any) -> None:
        self._database.execute(
            "INSERT INTO hosting VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            slug,
            name,
            json.dumps(value),
        )
