"""A pull ends, whatever the storage does: what is fetched of a file is bounded."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.local_setup import LocalSetup
from support.results import file_names, files_on_disk
from support.servers import serving
from support.storage import BreakingStorage

from kitctl.adapters.download import HttpDownloader
from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.results.files import ExpectedFile, ManifestEntry
from kitctl.errors import NetworkFailed
from kitctl.operations.pulling.fetch_files import FileFetcher, FileUrls
from kitctl.ports import DownloadInterrupted, FileContent, OutputFile

CONTENT = Random(1).randbytes(2_000_000)
ENTRY = ManifestEntry("big.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kitctl.operations.pulling.fetch_files.LONGEST_PAUSE_SECONDS", 0.01)


def fetch(storage: BreakingStorage, root: Path, expected: ExpectedFile) -> FileContent:
    folder = LocalResultsFolder(root)
    files = [OutputFile("big.bin", storage.url)]
    fetcher = FileFetcher(
        FileUrls(files, lambda: files), HttpDownloader(direct=True), folder, refetch=False, tries=5
    )
    with serving(storage), folder.exclusive(lambda: None):
        return fetcher.download("big.bin", expected)


@pytest.mark.parametrize("expected", [ExpectedFile(ENTRY), ExpectedFile(None, len(CONTENT))])
@pytest.mark.parametrize("has_length", [True, False])
@pytest.mark.parametrize("breaks", [[1_000_000, 600_000], [1_900_000], [0, 1], [700_000, 800_000]])
def test_a_storage_that_always_breaks_and_never_resumes_is_given_up(
    tmp_path: Path, breaks: list[int], has_length: bool, expected: ExpectedFile
) -> None:
    storage = BreakingStorage(CONTENT, breaks, resumes=False, has_length=has_length)
    with pytest.raises(NetworkFailed):
        fetch(storage, tmp_path / "results", expected)
    assert storage.sent_bytes <= 6 * len(CONTENT)
    assert storage.requests <= 10


def test_a_file_that_comes_a_little_further_each_time_is_given_up_too(tmp_path: Path) -> None:
    storage = BreakingStorage(CONTENT, list(range(10_000, 900_000, 1000)), resumes=False)
    with pytest.raises(NetworkFailed):
        fetch(storage, tmp_path / "results", ExpectedFile(ENTRY))
    assert storage.sent_bytes <= 6 * len(CONTENT)


def test_a_storage_that_resumes_may_break_often(tmp_path: Path) -> None:
    storage = BreakingStorage(CONTENT, list(range(100_000, 2_100_000, 100_000)))
    content = fetch(storage, tmp_path / "results", ExpectedFile(ENTRY))
    assert content.sha256 == ENTRY.sha256
    assert storage.sent_bytes == len(CONTENT)


def test_wrong_content_is_fetched_twice_and_its_place_is_named(tmp_path: Path) -> None:
    wrong = CONTENT[:-1] + b"!"
    storage = BreakingStorage(wrong, [len(wrong)])
    with pytest.raises(NetworkFailed) as caught:
        fetch(storage, tmp_path / "results", ExpectedFile(ENTRY))
    assert caught.value.code == "wrong_content"
    assert storage.requests == 2
    place = Path(caught.value.message.split(" now in ")[1].rstrip("."))
    assert place.read_bytes() == wrong


def test_a_body_that_never_ends_is_cut_at_the_files_size(tmp_path: Path) -> None:
    storage = BreakingStorage(CONTENT * 20, [len(CONTENT) * 20], has_length=False)
    with pytest.raises(NetworkFailed) as caught:
        fetch(storage, tmp_path / "results", ExpectedFile(ENTRY))
    assert caught.value.code == "wrong_size"
    part = LocalResultsFolder(tmp_path / "results").part_path("big.bin")
    assert not part.exists() or part.stat().st_size <= len(CONTENT)


BAD_URLS = [
    "",
    "no address",
    "ftp://host/a",
    "file:///etc/passwd",
    "http://",
    "http://[::1/a",
    "http://[half/a",
    "http://host:port/a",
    "http://host:99999/a",
    "http://a..b/a",
    "http://exa mple/a",
    "http://" + "x" * 300 + "/a",
    "https://\ud800/a",
    "http://127.0.0.1:9/\x00a",
    "//host/a",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_bad_address_stops_one_file_only(setup: LocalSetup, url: str) -> None:
    names = ["a.txt", "b.txt", "c.txt"]
    target = setup.seed(files=[{"name": name, "text": name} for name in names])
    files: list[Any] = [file._asdict() for file in setup.kaggle.outputs(target.ref)]
    listed = [{"fileName": file["name"], "url": file["url"]} for file in files]
    listed[1]["url"] = url
    setup.server.fault(
        "answer", "ListKernelSessionOutput", body=json.dumps({"files": listed}), count=None
    )
    result = setup.pull(target, tries=2)
    assert file_names(result) == files_on_disk(setup.folder) == {"a.txt", "c.txt"}
    assert [file.path for file in result.failed] == ["b.txt"]
    assert result.failure is not None and result.failure.exit_code == 5


def test_a_dead_storage_is_not_tried_again_for_every_file(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "f{}.bin", "bytes": 10, "count": 200}])
    setup.server.fault("expired", "download", count=None)
    result = setup.pull(target, jobs=8)
    assert len(result.failed) == 200
    assert setup.server.calls("download") < 400
    assert setup.server.calls("ListKernelSessionOutput") < 60


@pytest.mark.parametrize("status", [204, 302, 408, 425, 429, 500, 501, 503, 520, 529, 599])
def test_a_storage_that_is_busy_once_is_asked_again(setup: LocalSetup, status: int) -> None:
    target = setup.seed(files=[{"name": "a.txt", "text": "alpha"}])
    setup.server.answer("download", status=status)
    result = setup.pull(target)
    assert result.failure is None and files_on_disk(setup.folder) == {"a.txt"}


@pytest.mark.parametrize("retry_after", ["0", "-5", "nan", "soon"])
def test_no_answer_of_a_storage_makes_the_next_try_come_at_once(
    setup: LocalSetup, monkeypatch: pytest.MonkeyPatch, retry_after: str
) -> None:
    monkeypatch.setattr("kitctl.operations.pulling.fetch_files.LONGEST_PAUSE_SECONDS", 15.0)
    target = setup.seed(files=[{"name": "a.txt", "text": "alpha"}])
    setup.server.answer("download", status=503, headers={"Retry-After": retry_after})
    started = time.monotonic()
    assert setup.pull(target).failure is None
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize("form", ["60", "60.0", "date"])
def test_a_storage_may_ask_to_wait_so_many_seconds_or_until_a_date(
    setup: LocalSetup, form: str
) -> None:
    target = setup.seed(files=[{"name": "a.txt", "text": "alpha"}])
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    headers = {"Retry-After": form.replace("date", in_a_minute)}
    setup.server.answer("download", status=429, headers=headers)
    (file,) = setup.kaggle.outputs(target.ref)
    with pytest.raises(DownloadInterrupted) as caught:
        HttpDownloader(direct=True).fetch(file, setup.folder.parent / "part")
    assert caught.value.retry_after == pytest.approx(60.0, abs=30.0)
