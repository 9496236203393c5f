"""One file: taken up again only where that is safe."""

from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.local_setup import LocalSetup
from support.servers import serving

from kitctl.adapters.download import HttpDownloader
from kitctl.ports import DownloadInterrupted, OutputFile, UrlExpired


@pytest.fixture
def downloads() -> HttpDownloader:
    return HttpDownloader(direct=True)


def file(setup: LocalSetup, slug: str = "finished", size: int = 2_000_000) -> OutputFile:
    found = setup.seed(slug, files=[{"name": "big.bin", "bytes": size}])
    return next(setup.kaggle.outputs(found.ref))


def test_the_hash_is_that_of_what_is_on_disk(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part = tmp_path / "a.part"
    content = downloads.fetch(file(setup), part)
    assert content.bytes == part.stat().st_size == 2_000_000
    assert content.digest == hashlib.sha256(part.read_bytes()).hexdigest()


def test_it_goes_on_where_it_broke_off(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, wanted = tmp_path / "a.part", file(setup)
    setup.server.fault("drop", "download", after_bytes=1_500_000)
    with pytest.raises(DownloadInterrupted):
        downloads.fetch(wanted, part)
    begun = part.stat().st_size
    assert begun > 0
    came: list[int] = []
    assert downloads.fetch(wanted, part, "sha256", came.append).bytes == 2_000_000
    assert came[0] == begun and sum(came) == 2_000_000


def test_another_files_part_is_not_taken_up(
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


def test_a_part_of_unknown_origin_is_not_taken_up(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, wanted = tmp_path / "a.part", file(setup)
    part.write_bytes(b"left by who knows whom")
    assert (
        downloads.fetch(wanted, part).digest == downloads.fetch(wanted, tmp_path / "b.part").digest
    )


def test_a_part_that_is_whole_is_not_fetched_again(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, wanted = tmp_path / "a.part", file(setup)
    content = downloads.fetch(wanted, part)
    written = part.stat().st_mtime_ns
    came: list[int] = []
    assert downloads.fetch(wanted, part, "sha256", came.append) == content
    assert came == [2_000_000] and part.stat().st_mtime_ns == written


def test_a_part_that_is_longer_than_the_file_is_given_up(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    part, wanted = tmp_path / "a.part", file(setup)
    downloads.fetch(wanted, part)
    with part.open("ab") as sink:
        sink.write(b"more")
    with pytest.raises(DownloadInterrupted) as caught:
        downloads.fetch(wanted, part)
    assert caught.value.start_over


def test_an_expired_address_is_told_apart(
    setup: LocalSetup, downloads: HttpDownloader, tmp_path: Path
) -> None:
    wanted = file(setup)
    setup.server.fault("expired", "download")
    with pytest.raises(UrlExpired) as caught:
        downloads.fetch(wanted, tmp_path / "a.part")
    assert not (tmp_path / "a.part").exists()
    assert wanted.url not in caught.value.message


def test_nobody_there_is_a_broken_connection(downloads: HttpDownloader, tmp_path: Path) -> None:
    with pytest.raises(DownloadInterrupted) as caught:
        downloads.fetch(OutputFile("a", "http://127.0.0.1:9/signed?secret"), tmp_path / "a.part")
    assert "secret" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_the_users_proxy_is_not_used_for_loopback(
    setup: LocalSetup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = file(setup, size=10)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    direct = HttpDownloader(direct=True).fetch(wanted, tmp_path / "a.part")
    assert direct.bytes == 10


class Elsewhere(BaseHTTPRequestHandler):
    """Sends the first asker on, and says which path it was asked for there."""

    def do_GET(self) -> None:
        sent_on = self.path.startswith("/from/")
        body = b"" if sent_on else self.path.encode()
        self.send_response(302 if sent_on else 200)
        if sent_on:
            self.send_header("Location", self.path.replace("/from/", "/to/"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_an_address_may_lead_to_another_and_hold_any_sign(
    downloads: HttpDownloader, tmp_path: Path
) -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Elsewhere)) as server:
        url = f"http://127.0.0.1:{server.server_port}/from/a b/ü.txt?sign=x%2Fy"
        downloads.fetch(OutputFile("ü.txt", url), tmp_path / "a.part")
    assert (tmp_path / "a.part").read_text("utf-8") == "/to/a%20b/%C3%BC.txt?sign=x%2Fy"
