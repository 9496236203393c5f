"""How many files and bytes Kaggle takes in a version of a data set."""

from __future__ import annotations

from collections.abc import Sequence

from kitctl.local.state.blobs import Blobs
from kitctl.local.state.errors import DatasetRefused
from kitctl.local.state.records import Upload
from kitctl.local.state.settings import ServerSettings


def check_limits(uploads: Sequence[Upload], blobs: Blobs, settings: ServerSettings) -> None:
    """Refuse uploads that are too many at the top, or too large in all, in Kaggle's own words.

    Raises:
        DatasetRefused: they are.
        ApiError: one of them is not complete.
    """
    most, largest = int(settings["dataset_files"]), int(settings["dataset_bytes"])
    if sum(not upload.folder for upload in uploads) > most:
        raise DatasetRefused(f"The file count exceeds the maximum of {most}")
    total = sum(blobs.get_complete(upload.token).bytes for upload in uploads)
    if total > largest:
        raise DatasetRefused(
            f"The size of your files is {total} bytes, it exceeds the maximum of {largest}"
        )
