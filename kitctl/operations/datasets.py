"""`datasets`: list those of the account, and read the state of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus
from kitctl.errors import KitError
from kitctl.operations.dataset_versions.dataset_wait import failed, wait_until_ready
from kitctl.operations.dataset_versions.find_dataset import find_dataset
from kitctl.ports import Clock, DatasetService, Reporter


@dataclass(frozen=True)
class DatasetList:
    """The account's data sets."""

    datasets: tuple[DatasetInfo, ...]

    def as_data(self) -> dict[str, Any]:
        return {"datasets": [info_data(info) for info in self.datasets]}


@dataclass(frozen=True)
class DatasetState:
    """A data set, and how far Kaggle is with its newest version."""

    info: DatasetInfo
    status: DatasetStatus

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None for a version that can be read, or will."""
        is_failed = self.status is DatasetStatus.FAILED
        return failed(self.info.ref, self.info.version, self.info.url) if is_failed else None

    def as_data(self) -> dict[str, Any]:
        return {**info_data(self.info), "status": self.status}


def info_data(info: DatasetInfo) -> dict[str, Any]:
    return {
        "dataset": str(info.ref),
        "version": info.version,
        "title": info.title,
        "bytes": info.bytes,
        "is_private": info.is_private,
        "updated_at": info.updated_at or None,
        "url": info.url,
    }


def list_datasets(datasets: DatasetService, reporter: Reporter) -> DatasetList:
    """Return the account's data sets as Kaggle lists them."""
    with reporter.progress("Asking Kaggle"):
        return DatasetList(tuple(datasets.own()))


def read_state(
    ref: DatasetRef, datasets: DatasetService, clock: Clock, reporter: Reporter, *, wait: bool
) -> DatasetState:
    """Return the state of a data set; `wait`: once its newest version is ready.

    Raises InvalidInput where Kaggle shows no such one.
    """
    info = find_dataset(ref, datasets)
    if wait:
        return DatasetState(info, wait_until_ready(ref, info.version, datasets, clock, reporter))
    return DatasetState(info, datasets.status(ref))
