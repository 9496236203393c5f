"""Wait until Kaggle has made a data set's version ready to be read."""

from __future__ import annotations

from kitctl.domain.data.datasets import DatasetRef, DatasetStatus
from kitctl.errors import Interrupted, InvalidInput, NetworkFailed, NextCommand
from kitctl.ports import Clock, DatasetService, Reporter

# Seconds between two questions: short at first, since a small data set is ready at once.
PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
LONGEST_PAUSE = 10.0

# A failure counts at once where Kaggle shows the version, else when it was said so often: at first
# it may still be about the version before.
MAX_FAILURES = 8


def wait_until_ready(
    ref: DatasetRef, version: int, datasets: DatasetService, clock: Clock, reporter: Reporter
) -> DatasetStatus:
    """Wait for a version, however long Kaggle takes, and return READY.

    Raises NetworkFailed where Kaggle could not process it.
    """
    pauses, failures = iter(PAUSES), 0
    try:
        with reporter.progress(f"Kaggle is processing {ref} version {version}"):
            while True:
                status, is_shown, url = _read(ref, version, datasets)
                if status is DatasetStatus.READY and is_shown:
                    return status
                failures += status is DatasetStatus.FAILED
                if status is DatasetStatus.FAILED and (is_shown or failures >= MAX_FAILURES):
                    raise failed(ref, version, url)
                clock.sleep(next(pauses, LONGEST_PAUSE))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped by Ctrl-C. Kaggle goes on with {ref} version {version}.",
            hint=NextCommand("datasets status", f"{ref} --wait"),
        ) from None


def read_status(ref: DatasetRef, version: int, datasets: DatasetService) -> DatasetStatus:
    """Return the state of a version; Kaggle's answer may still be about the one before."""
    status, is_shown, _ = _read(ref, version, datasets)
    return status if is_shown else DatasetStatus.PROCESSING


def _read(
    ref: DatasetRef, version: int, datasets: DatasetService
) -> tuple[DatasetStatus, bool, str]:
    """Return the newest state, whether it is this version's for sure, and the page's address."""
    info = datasets.find(ref)
    url = info.url if info else f"https://www.kaggle.com/datasets/{ref}"
    try:
        status = datasets.status(ref)
    except InvalidInput:
        return DatasetStatus.PROCESSING, False, url
    # A new data set may have a state before it is shown itself.
    is_shown = info.version >= version if info else version == 1
    return status, is_shown, url


def failed(ref: DatasetRef, version: int, url: str) -> NetworkFailed:
    """Return the error of a version that Kaggle could not process; `url` is of its page."""
    return NetworkFailed(
        f"Kaggle could not process version {version} of {ref}; nothing can read it.",
        code="dataset_failed",
        hint=f"Its page says why: {url}. Fix the folder, and push it again.",
    )
