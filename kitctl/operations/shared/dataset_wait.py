"""Wait until Kaggle has made a data set's version ready to be read."""

from __future__ import annotations

from kitctl.domain.datasets import DatasetRef, DatasetStatus
from kitctl.errors import Interrupted, NetworkFailed, NextCommand
from kitctl.operations.shared.reporter import Reporter
from kitctl.ports import Clock, DatasetService

# Seconds between two questions: short at first, since a small data set is ready at once.
PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
LONGEST_PAUSE = 10.0


def wait_until_ready(
    ref: DatasetRef, version: int, datasets: DatasetService, clock: Clock, reporter: Reporter
) -> DatasetStatus:
    """Wait for a version, however long Kaggle takes, and return READY.

    Raises NetworkFailed where Kaggle could not process it.
    """
    pauses = iter(PAUSES)
    try:
        with reporter.progress(f"Kaggle is processing {ref} version {version}"):
            while True:
                status = read_status(ref, version, datasets)
                if status is DatasetStatus.READY:
                    return status
                if status is DatasetStatus.FAILED:
                    raise failed(ref, version)
                clock.sleep(next(pauses, LONGEST_PAUSE))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped by Ctrl-C. Kaggle goes on with {ref} version {version}.",
            hint=NextCommand("datasets status", f"{ref} --wait"),
        ) from None


def read_status(ref: DatasetRef, version: int, datasets: DatasetService) -> DatasetStatus:
    """Return the state of a version; Kaggle's answer may still be about the one before."""
    info = datasets.find(ref)
    if info is None or info.version < version:
        return DatasetStatus.PROCESSING
    return datasets.status(ref)


def failed(ref: DatasetRef, version: int) -> NetworkFailed:
    """Return the error of a version that Kaggle could not process."""
    return NetworkFailed(
        f"Kaggle could not process version {version} of {ref}; nothing can read it.",
        code="dataset_failed",
        hint=f"Its page says why: https://www.kaggle.com/datasets/{ref}. Then push it again.",
    )
