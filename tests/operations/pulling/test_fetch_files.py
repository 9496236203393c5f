"""Fetching files over a network that fails, with names and contents that are not trusted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from support.local_setup import LocalSetup
from support.results import file_names, files_on_disk

from kitctl.adapters.download import HttpDownloader
from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.results.files import ExpectedFile
from kitctl.errors import NetworkFailed
from kitctl.operations.pulling.fetch_files import FileFetcher, FileUrls
from kitctl.ports import DownloadInterrupted

USUAL_FILES = [
    {"name": "model.keras", "bytes": 300_000},
    {"name": "plots/curves.png", "bytes": 2_000},
    {"name": "metrics.json", "text": '{"val_loss": 0.25, "best_epoch": 2}'},
]


def test_dangerous_names_are_refused_and_reported(setup: LocalSetup, tmp_path: Path) -> None:
    dangerous = [
        "../x",
        "/etc/x",
        "C:\\x",
        "\\\\host\\x",
        "a/../../x",
        "con.txt",
        "dot.",
    ]
    files = [{"name": name, "text": "evil"} for name in dangerous]
    out = tmp_path / "deep" / "results"
    result = setup.pull(setup.seed(files=[*USUAL_FILES, *files], manifest=True), out=out)
    usual = {str(file["name"]) for file in USUAL_FILES}
    assert {refused.path for refused in result.refused} == set(dangerous)
    assert files_on_disk(out) == file_names(result) == usual | {"manifest.json"}
    assert not list(tmp_path.rglob("x"))
    # What the manifest promises is not all here.
    assert not result.verified
    assert isinstance(result.failure, NetworkFailed) and result.failure.code == "files_refused"


def test_a_symbolic_link_among_the_folders_is_not_followed(
    setup: LocalSetup, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    setup.folder.mkdir()
    (setup.folder / "plots").symlink_to(elsewhere, target_is_directory=True)
    result = setup.pull(setup.seed(files=USUAL_FILES, manifest=True))
    assert [refused.path for refused in result.refused] == ["plots/curves.png"]
    assert not result.verified and result.failure is not None
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_is_a_symbolic_link_here_is_replaced_not_written_through(
    setup: LocalSetup, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    linked.write_text("mine", "utf-8")
    setup.folder.mkdir()
    (setup.folder / "model.keras").symlink_to(linked)
    setup.pull(setup.seed(files=USUAL_FILES, manifest=True))
    assert linked.read_text("utf-8") == "mine"
    assert not (setup.folder / "model.keras").is_symlink()


def test_a_broken_connection_is_resumed(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "big.bin", "bytes": 5_000_000}], manifest=True)
    setup.pull(target, only="log.txt")
    setup.server.fault("drop", "download", after_bytes=2_000_000, count=2)
    result = setup.pull(target)
    assert result.verified and (setup.folder / "big.bin").stat().st_size == 5_000_000


def test_the_part_of_an_interrupted_pull_is_not_fetched_again(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "big.bin", "bytes": 5_000_000}], manifest=True)
    setup.pull(target, only="log.txt")
    part = LocalResultsFolder(setup.folder).part_path("big.bin")
    setup.server.fault("drop", "download", after_bytes=3_000_000, count=1)
    with pytest.raises(DownloadInterrupted):
        HttpDownloader(direct=True).fetch(next(setup.kaggle.outputs(target.ref)), part)
    assert part.stat().st_size > 1_000_000
    # Only what is missing comes now: the whole would not come in one go.
    setup.server.fault("drop", "download", after_bytes=4_000_000, count=None)
    downloads = setup.server.calls("download")
    assert setup.pull(target).verified
    assert setup.server.calls("download") == downloads + 2  # The manifest is one of them.


def test_an_expired_url_is_renewed(setup: LocalSetup) -> None:
    target = setup.seed(files=USUAL_FILES, manifest=True)
    setup.server.fault("expired", "download", count=4)
    result = setup.pull(target)
    assert result.verified and not result.failed


def test_one_listing_renews_all_urls(setup: LocalSetup) -> None:
    setup.server.settings(url_seconds=60)
    target = setup.seed(files=USUAL_FILES, manifest=True)
    urls = FileUrls(setup.kaggle.outputs(target.ref), lambda: setup.kaggle.outputs(target.ref))
    setup.server.advance(3600)
    folder = LocalResultsFolder(setup.folder)
    fetcher = FileFetcher(urls, HttpDownloader(direct=True), folder, refetch=False, tries=5)
    listed = setup.server.calls("ListKernelSessionOutput")
    with folder.exclusive(lambda: None):
        assert [fetcher.fetch(name, ExpectedFile()).state for name in urls.names] == ["fetched"] * 4
    # One listing renews them all.
    assert setup.server.calls("ListKernelSessionOutput") == listed + 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_storage_is_tried_again(setup: LocalSetup, status: int) -> None:
    setup.server.fault("status", "download", status=status, count=3)
    assert setup.pull(setup.seed(files=USUAL_FILES, manifest=True)).verified


def test_an_error_page_never_becomes_a_file(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "model.keras", "bytes": 100}])
    setup.server.fault("expired", "download", count=None)
    result = setup.pull(target, tries=2)
    assert [failed.path for failed in result.failed] == ["model.keras"]
    assert files_on_disk(setup.folder) == set()
    assert isinstance(result.failure, NetworkFailed)
    assert "http" not in result.failure.message.lower().replace("(http 400)", "")


def test_a_file_that_does_not_match_the_manifest_is_not_kept(setup: LocalSetup) -> None:
    entry = {"path": "model.keras", "bytes": 4, "sha256": "0" * 64}
    manifest = {"schema": "kitctl-manifest/1", "files": [entry]}
    files = [
        {"name": "model.keras", "text": "what"},
        {"name": "manifest.json", "text": json.dumps(manifest)},
    ]
    result = setup.pull(setup.seed(files=files), tries=2)
    assert [failed.path for failed in result.failed] == ["model.keras"]
    assert files_on_disk(setup.folder) == {"manifest.json"}
    assert not result.verified


def test_a_file_with_a_blake2b_in_the_manifest_is_checked_by_it(setup: LocalSetup) -> None:
    content = b"what"
    hashes = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "blake2b": hashlib.blake2b(content).hexdigest(),
    }
    entries = [
        {"path": "good.keras", "bytes": 4, **hashes},
        {"path": "bad.keras", "bytes": 4, **hashes, "blake2b": "0" * 128},
    ]
    manifest = {"schema": "kitctl-manifest/1", "files": entries}
    files = [
        {"name": "good.keras", "text": "what"},
        {"name": "bad.keras", "text": "what"},
        {"name": "manifest.json", "text": json.dumps(manifest)},
    ]
    result = setup.pull(setup.seed(files=files), tries=2)
    assert [failed.path for failed in result.failed] == ["bad.keras"]
    assert [file.sha256 for file in result.files if file.path == "good.keras"] == [hashes["sha256"]]
    assert files_on_disk(setup.folder) == {"manifest.json", "good.keras"}


def test_a_file_of_the_manifest_that_the_run_does_not_list_is_missing(setup: LocalSetup) -> None:
    entry = {"path": "gone.bin", "bytes": 4, "sha256": "0" * 64}
    manifest = {"schema": "kitctl-manifest/1", "files": [entry]}
    result = setup.pull(setup.seed(files=[{"name": "manifest.json", "text": json.dumps(manifest)}]))
    assert result.missing == ("gone.bin",)
    assert not result.verified
