"""Downloads of one file: resumed only where that is safe, redirected, interrupted."""

from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.local_setup import LocalSetup
from support.servers import serving
from support.storage import BreakingStorage

from kitctl.adapters.download import UNKNOWN, HttpDownloader
from kitctl.domain.results.files import ExpectedFile
from kitctl.ports import DownloadInterrupted, OutputFile, UrlExpired


@pytest.fixture
def downloads() -> HttpDownloader:
    return HttpDownloader(direct=True)


def file(setup: LocalSetup, slug: str = "finished", size: int = 2_000_000) -> OutputFile:
    run = setup.seed(slug, files=[{"name": "big.bin", "bytes": size}])
    return next(setup.kaggle.outputs(run.ref))


def test_a_download_returns_the_size_and_hash_of_its_file(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part = tmp_path / "a.part"
    content = downloads.fetch(file(setup), part)
    assert content.bytes == part.stat().st_size == 2_000_000
    assert content.digest == hashlib.sha256(part.read_bytes()).hexdigest()


def test_a_download_that_broke_off_is_resumed(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, output = tmp_path / "a.part", file(setup)
    setup.server.fault("drop", "download", after_bytes=1_500_000)
    with pytest.raises(DownloadInterrupted):
        downloads.fetch(output, part)
    before = part.stat().st_size
    assert before > 0
    counts: list[int] = []
    assert downloads.fetch(output, part, UNKNOWN, counts.append).bytes == 2_000_000
    assert counts[0] == before and sum(counts) == 2_000_000


def test_the_part_of_another_file_is_not_resumed(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part = tmp_path / "a.part"
    setup.server.fault("drop", "download", after_bytes=1_500_000)
    with pytest.raises(DownloadInterrupted):
        downloads.fetch(file(setup, "one"), part)
    other = file(setup, "two", size=3_000_000)
    content = downloads.fetch(other, part)
    assert content.bytes == 3_000_000
    assert content.digest == downloads.fetch(other, tmp_path / "whole.part").digest


def test_a_part_without_an_etag_is_not_resumed(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, output = tmp_path / "a.part", file(setup)
    part.write_bytes(b"of unknown origin")
    assert (
        downloads.fetch(output, part).digest == downloads.fetch(output, tmp_path / "b.part").digest
    )


def test_a_complete_part_is_not_downloaded_again(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, output = tmp_path / "a.part", file(setup)
    content = downloads.fetch(output, part)
    written = part.stat().st_mtime_ns
    counts: list[int] = []
    assert downloads.fetch(output, part, UNKNOWN, counts.append) == content
    assert counts == [2_000_000] and part.stat().st_mtime_ns == written


def test_a_part_that_is_longer_than_its_file_starts_over(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, output = tmp_path / "a.part", file(setup)
    downloads.fetch(output, part)
    with part.open("ab") as sink:
        sink.write(b"more")
    with pytest.raises(DownloadInterrupted) as caught:
        downloads.fetch(output, part)
    assert caught.value.start_over


def test_an_expired_address_has_an_error_of_its_own(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    output = file(setup)
    setup.server.fault("expired", "download")
    with pytest.raises(UrlExpired) as caught:
        downloads.fetch(output, tmp_path / "a.part")
    assert not (tmp_path / "a.part").exists()
    assert output.url not in caught.value.message


def test_a_server_that_cannot_be_reached_interrupts_the_download(
    downloads: HttpDownloader, tmp_path: Path
) -> None:
    with pytest.raises(DownloadInterrupted) as caught:
        downloads.fetch(OutputFile("a", "http://127.0.0.1:9/signed?secret"), tmp_path / "a.part")
    assert "secret" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_a_direct_download_uses_no_proxy(
    setup: LocalSetup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = file(setup, size=10)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    direct = HttpDownloader(direct=True).fetch(output, tmp_path / "a.part")
    assert direct.bytes == 10


class Redirecting(BaseHTTPRequestHandler):
    """Redirects /from/… to /to/…, whose content is its own path."""

    def do_GET(self) -> None:
        redirects = self.path.startswith("/from/")
        body = b"" if redirects else self.path.encode()
        self.send_response(302 if redirects else 200)
        if redirects:
            self.send_header("Location", self.path.replace("/from/", "/to/"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_redirect_is_followed_to_a_path_with_any_characters(
    downloads: HttpDownloader, tmp_path: Path
) -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Redirecting)) as server:
        url = f"http://127.0.0.1:{server.server_port}/from/a b/ü.txt?sign=x%2Fy"
        downloads.fetch(OutputFile("ü.txt", url), tmp_path / "a.part")
    assert (tmp_path / "a.part").read_text("utf-8") == "/to/a%20b/%C3%BC.txt?sign=x%2Fy"


def test_a_body_that_announces_another_size_is_not_begun(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    output, part = file(setup, size=100), tmp_path / "a.part"
    with pytest.raises(DownloadInterrupted) as caught:
        downloads.fetch(output, part, ExpectedFile(None, 99))
    assert (caught.value.code, caught.value.start_over) == ("wrong_size", True)
    assert not part.exists()


def test_a_body_that_ends_early_without_a_length_may_go_on(
    downloads: HttpDownloader, tmp_path: Path
) -> None:
    storage, part = (
        BreakingStorage(b"content" * 10, [40, 70], has_length=False),
        tmp_path / "a.part",
    )
    output, expected = OutputFile("a", storage.url), ExpectedFile(None, 70)
    with serving(storage):
        with pytest.raises(DownloadInterrupted) as caught:
            downloads.fetch(output, part, expected)
        assert (caught.value.code, caught.value.start_over) == ("wrong_size", False)
        assert downloads.fetch(output, part, expected).bytes == 70
    assert (part.read_bytes(), storage.sent_bytes) == (b"content" * 10, 70)
