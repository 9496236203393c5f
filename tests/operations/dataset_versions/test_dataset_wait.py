"""Waiting for a data set, when Kaggle shows a new version late or never."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import create_autospec

import pytest

from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus
from kitctl.errors import InvalidInput, NetworkFailed
from kitctl.operations.dataset_versions.dataset_wait import wait_until_ready
from kitctl.ports import Clock, DatasetService, NullReporter

REF = DatasetRef("me", "my-photos")
READY, FAILED, PROCESSING = DatasetStatus.READY, DatasetStatus.FAILED, DatasetStatus.PROCESSING


def wait(version: int, *answers: tuple[int | None, DatasetStatus | None]) -> int:
    """Wait with these answers: version shown, state said; return how often Kaggle was asked."""
    datasets = create_autospec(DatasetService, instance=True)
    given: Iterator[tuple[int | None, DatasetStatus | None]] = iter(answers)
    current: list[DatasetStatus | None] = []

    def find(ref: DatasetRef) -> DatasetInfo | None:
        shown, said = next(given)
        current.append(said)
        return None if shown is None else DatasetInfo(ref=ref, version=shown, marks={})

    def status(ref: DatasetRef) -> DatasetStatus:
        if current[-1] is None:
            raise InvalidInput("no such data set")
        return current[-1]

    datasets.find.side_effect, datasets.status.side_effect = find, status
    clock = create_autospec(Clock, instance=True)
    assert wait_until_ready(REF, version, datasets, clock, NullReporter()) is READY
    return len(current)


def test_ready_counts_only_for_the_version_that_was_made() -> None:
    assert wait(2, (1, READY), (1, READY), (2, PROCESSING), (2, READY)) == 4


def test_a_new_data_set_may_have_a_state_before_it_is_shown() -> None:
    assert wait(1, (None, None), (None, PROCESSING), (None, READY)) == 3


def test_the_failure_of_the_version_before_is_not_taken_for_that_of_the_new_one() -> None:
    assert wait(2, (1, FAILED), (1, FAILED), (2, PROCESSING), (2, READY)) == 4


def test_a_failed_version_that_is_never_shown_is_a_failure_in_the_end() -> None:
    with pytest.raises(NetworkFailed, match="could not process version 2"):
        wait(2, *[(1, FAILED)] * 8)
