"""A data set's archive that is damaged: nothing of it stays, and the next call fetches it anew."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from support.servers import serving
from support.storage import BreakingStorage

from kitctl.adapters.download import HttpDownloader
from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.data.datasets import DatasetInfo, DatasetRef
from kitctl.errors import NetworkFailed
from kitctl.operations.dataset_versions.pull_dataset import pull_dataset
from kitctl.ports import DatasetService, NullReporter

REF = DatasetRef("ada", "my-photos")


def damaged(method: int) -> bytes:
    """Return an archive whose file cannot be unpacked, though its list of files can be read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.txt", b"hello world " * 1000)
    content = bytearray(out.getvalue())
    content[40:56] = bytes(byte ^ 255 for byte in content[40:56])
    return bytes(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_and_leaves_nothing(tmp_path: Path, method: int) -> None:
    storage = BreakingStorage(damaged(method), [1 << 20])
    datasets = create_autospec(DatasetService, instance=True)
    datasets.find.return_value = DatasetInfo(ref=REF, version=1, marks={})
    datasets.archive_url.return_value = storage.url
    out, part = tmp_path / "out", LocalResultsFolder(tmp_path / ".out.part")
    with serving(storage), pytest.raises(NetworkFailed) as error:
        pull_dataset(REF, None, out, part, datasets, HttpDownloader(direct=True), NullReporter())
    assert error.value.code == "damaged"
    assert not out.exists()


@pytest.mark.parametrize("listed", [{"a.txt": 6}, {"a.txt": 5, "b.txt": 1}])
def test_files_that_are_not_as_kaggle_lists_them_leave_nothing(
    tmp_path: Path, listed: dict[str, int]
) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "alpha")
    storage = BreakingStorage(content.getvalue(), [1 << 20])
    datasets = create_autospec(DatasetService, instance=True)
    datasets.find.return_value = DatasetInfo(ref=REF, version=1, marks={})
    datasets.archive_url.return_value = storage.url
    datasets.file_sizes.return_value = listed
    out, part = tmp_path / "out", LocalResultsFolder(tmp_path / ".out.part")
    with serving(storage), pytest.raises(NetworkFailed) as error:
        pull_dataset(REF, None, out, part, datasets, HttpDownloader(direct=True), NullReporter())
    assert error.value.code == "damaged"
    assert not out.exists()
    assert not (part.root / "v1.zip").exists()
