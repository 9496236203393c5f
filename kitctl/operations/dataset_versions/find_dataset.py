"""Find the data set that a command line names."""

from __future__ import annotations

from kitctl.domain.data.datasets import DatasetInfo, DatasetRef
from kitctl.errors import InvalidInput, NextCommand
from kitctl.ports import DatasetService


def find_dataset(ref: DatasetRef, datasets: DatasetService) -> DatasetInfo:
    """Return what Kaggle says of a data set.

    Raises InvalidInput where Kaggle shows this account no such one.
    """
    info = datasets.find(ref)
    if info is None:
        raise InvalidInput(
            f"Kaggle shows this account no data set {ref}.",
            code="not_found",
            hint=NextCommand("datasets list", note="those of this account"),
        )
    return info
