"""Models: each has variations (`owner/model/framework/variation`), and those have versions.

A variation is stored as a data set of the owner `models`, and so is a model, without versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kitctl.local.state.datasets import Datasets
from kitctl.local.state.errors import ApiError, bad_request, forbidden, not_found
from kitctl.local.state.names import MODELS
from kitctl.local.state.records import Dataset, DatasetVersion, Upload


class Variation(NamedTuple):
    """A variation's name; frameworks are written as in references, without underscores."""

    owner: str
    model: str
    framework: str
    name: str

    def __str__(self) -> str:
        return "/".join(self)


class Models:
    """The models of the account; folders of this machine may stand for versions of others."""

    def __init__(self, datasets: Datasets, account: str) -> None:
        self._datasets = datasets
        self._account = account

    def create(
        self, owner: str, slug: str, details: Mapping[str, object], *, is_private: bool
    ) -> Dataset:
        """Create a model without variations.

        Raises:
            ApiError: it is another owner's, or exists.
        """
        if owner != self._account:
            raise forbidden("models.create")
        if not slug:
            raise bad_request("A model needs a slug.")
        return self._datasets.create_empty(
            (MODELS, f"{owner}/{slug}"), details, is_private=is_private
        )

    def find(self, owner: str, slug: str) -> Dataset:
        """Return a model.

        Raises:
            ApiError: there is none of this name.
        """
        try:
            return self._datasets.find(MODELS, f"{owner}/{slug}")
        except ApiError:
            raise not_found(f'There is no model "{owner}/{slug}".') from None

    def all(self) -> list[Dataset]:
        """Return the account's models, the newest first."""
        return [one for one in self._datasets.of_kind(MODELS) if one.slug.count("/") == 1]

    def variations(self, model: Dataset) -> list[DatasetVersion]:
        """Return the newest version of each variation of a model."""
        return [
            self._datasets.versions(one)[0]
            for one in self._datasets.of_kind(MODELS)
            if one.slug.startswith(f"{model.slug}/") and one.slug.count("/") == 3
        ]

    def add_variation(
        self, variation: Variation, details: Mapping[str, object], uploads: Sequence[Upload]
    ) -> DatasetVersion:
        """Create a variation of uploaded blobs; its model must exist."""
        self.find(variation.owner, variation.model)
        self._check_owner(variation.owner)
        return self._datasets.create((MODELS, str(variation)), details, uploads, is_private=False)

    def add_version(
        self, variation: Variation, notes: str, uploads: Sequence[Upload]
    ) -> DatasetVersion:
        """Create the next version of a variation."""
        self._check_owner(variation.owner)
        return self._datasets.add_version(self.newest(variation).dataset, notes, uploads, {})

    def newest(self, variation: Variation) -> DatasetVersion:
        """Return a variation's newest version.

        Raises:
            ApiError: there is no such variation.
        """
        try:
            return self._datasets.versions(self._datasets.find(MODELS, str(variation)))[0]
        except ApiError:
            raise not_found(f'There is no variation "{variation}".') from None

    def version(self, variation: Variation, number: int | None) -> DatasetVersion:
        return self._datasets.version(self.newest(variation).dataset, number)

    def folder_of(self, source: str) -> tuple[str, Path] | None:
        """Return the path under /kaggle/input and the folder of a model source, if there is one.

        A source has four parts, for the newest version, or five.
        """
        *parts, last = source.split("/")
        name, number = ([*parts, last], None) if len(parts) == 3 else (parts, last)
        if len(name) == 4 and (number is None or number.isdecimal()):
            try:
                version = self.version(Variation(*name), int(number) if number else None)
            except ApiError:
                pass
            else:
                return f"{MODELS}/{'/'.join(name)}/{version.number}", version.folder
        folder = self._datasets.stand_in(MODELS, source)
        return (f"{MODELS}/{source}", folder) if folder else None

    def exists(self, model: str) -> bool:
        """Return whether there is a model `owner/slug`, or a folder stands for a version of it."""
        names = [one.slug for one in self._datasets.of_kind(MODELS)]
        return any(f"{name}/".startswith(f"{model.lower()}/") for name in names)

    def own(self, owner: str, slug: str) -> Dataset:
        """Return a model that the account may change.

        Raises:
            ApiError: it is another owner's, or does not exist.
        """
        model = self.find(owner, slug)
        self._check_owner(owner)
        return model

    def own_variation(self, variation: Variation) -> DatasetVersion:
        """Return the newest version of a variation that the account may change."""
        newest = self.newest(variation)
        self._check_owner(variation.owner)
        return newest

    def delete(self, model: Dataset) -> None:
        """Delete a model with all of its variations."""
        for version in self.variations(model):
            self._datasets.delete(version.dataset)
        self._datasets.delete(model)

    def _check_owner(self, owner: str) -> None:
        if owner != self._account:
            raise forbidden("models.update")
