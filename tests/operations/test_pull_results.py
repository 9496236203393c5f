"""Bringing results home, over a network that does what networks do."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest
from support.local_kaggle import until
from support.local_setup import LocalSetup

from kitctl.adapters.download import HttpDownloader
from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.results import OWN_FOLDER
from kitctl.domain.runs import KernelRef, RunRef
from kitctl.errors import InvalidInput, NetworkFailed, Refused, RunCancelled, RunFailed, hint_text
from kitctl.operations.pull_results import PullOptions, PullResult, pull_results
from kitctl.operations.shared.fetch_files import FileFetcher, FileUrls
from kitctl.operations.shared.find_run import TargetRun
from kitctl.ports import DownloadInterrupted

RUN_REPORT = {
    "schema": "kitctl-run/1",
    "started_at": "2026-11-10T10:00:30Z",
    "ended_at": "2026-11-10T10:59:30Z",
    "epochs": 2,
    "reading": {"words": "It fits well."},
}
THE_USUAL = [
    {"name": "model.keras", "bytes": 300_000},
    {"name": "plots/curves.png", "bytes": 2_000},
    {"name": "metrics.json", "text": '{"val_loss": 0.25, "best_epoch": 2}'},
    {"name": "history.csv", "text": "epoch,loss,seconds\n1,0.7,1.0\n2,0.3,1.0\n"},
    {"name": "run.json", "text": json.dumps(RUN_REPORT)},
]


def names(pulled: PullResult) -> set[str]:
    return {file.path for file in pulled.files}


def on_disk(folder: Path) -> set[str]:
    """What lies there, kitctl's own books and the log left out."""
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    own = {path for path in found if path.parts[0] == OWN_FOLDER or str(path) == "log.txt"}
    return {path.as_posix() for path in found - own}


def test_all_files_come_are_verified_and_read_out(setup: LocalSetup) -> None:
    pulled = setup.pull(setup.seed(files=THE_USUAL, manifest=True, log=["hello", "wörld"]))
    assert on_disk(setup.folder) == names(pulled)
    assert len(pulled.files) == len(THE_USUAL) + 1
    assert pulled.verified and pulled.failure is None
    assert pulled.metrics == {"val_loss": 0.25, "best_epoch": 2}
    assert pulled.history["loss"] == [0.7, 0.3]
    assert pulled.report["reading"]["words"] == "It fits well."
    assert [plot.name for plot in pulled.plots] == ["curves.png"]
    assert pulled.log.read_text("utf-8") == "hello\nwörld\n"
    for file in pulled.files:
        content = (setup.folder / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_second_call_fetches_nothing(setup: LocalSetup) -> None:
    found = setup.seed(files=THE_USUAL, manifest=True)
    setup.pull(found)
    fetched = setup.server.calls("download")
    again = setup.pull(found)
    assert setup.server.calls("download") == fetched
    assert {file.state for file in again.files} == {"kept"}
    assert again.verified


def test_without_a_manifest_a_second_call_fetches_nothing_either(setup: LocalSetup) -> None:
    found = setup.seed(files=THE_USUAL)
    assert not setup.pull(found).verified
    fetched = setup.server.calls("download")
    assert {file.state for file in setup.pull(found).files} == {"kept"}
    assert setup.server.calls("download") == fetched


@pytest.mark.parametrize("manifest", [True, False])
def test_what_was_damaged_here_is_fetched_again(setup: LocalSetup, manifest: bool) -> None:
    found = setup.seed(files=THE_USUAL, manifest=manifest)
    setup.pull(found)
    model = setup.folder / "model.keras"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1] + b"!")
    states = {file.path: file.state for file in setup.pull(found).files}
    assert model.read_bytes() == whole
    assert [path for path, state in states.items() if state == "fetched"] == ["model.keras"]


@pytest.mark.parametrize("manifest", [True, False])
def test_another_runs_results_are_not_taken_for_this_ones(
    setup: LocalSetup, manifest: bool
) -> None:
    setup.pull(setup.seed("first", files=THE_USUAL, manifest=manifest))
    its_own = [
        {"name": "model.keras", "text": "another model"},
        {"name": "history.csv", "text": "epoch,loss,seconds\n1,0.9,1.0\n"},
    ]
    found = setup.seed("second", files=its_own, manifest=manifest)
    pulled = setup.pull(found)
    assert {file.state for file in pulled.files} == {"fetched"}
    assert (setup.folder / "model.keras").read_text("utf-8") == "another model"
    assert pulled.verified is manifest
    assert (pulled.history["loss"], pulled.metrics, pulled.report) == ([0.9], {}, {})
    left = {"plots/curves.png", "metrics.json", "run.json"}
    assert set(pulled.foreign_files) == left
    assert left <= on_disk(setup.folder)
    again = setup.pull(found)
    assert ({file.state for file in again.files}, again.metrics) == ({"kept"}, {})


def test_what_an_earlier_call_brought_is_read_out_too(setup: LocalSetup) -> None:
    found = setup.seed(files=THE_USUAL)
    setup.pull(found)
    pulled = setup.pull(found, only="*.png")
    assert (pulled.metrics["best_epoch"], pulled.history["loss"]) == (2, [0.7, 0.3])


def test_force_fetches_all_anew(setup: LocalSetup) -> None:
    found = setup.seed(files=THE_USUAL, manifest=True)
    setup.pull(found)
    states = [file.state for file in setup.pull(found, refetch=True).files]
    assert set(states) == {"fetched"}


def test_only_fetches_what_matches(setup: LocalSetup) -> None:
    pulled = setup.pull(setup.seed(files=THE_USUAL, manifest=True), only="*.png")
    assert names(pulled) == {"plots/curves.png", "manifest.json"}
    assert pulled.verified


def test_a_thousand_files_in_pages_of_twenty_all_arrive(setup: LocalSetup) -> None:
    setup.kaggle = connect_local(setup.server.endpoint, setup.server.token, page_size=20)
    found = setup.seed(files=[{"name": "out/f{}.bin", "bytes": 100, "count": 1000}], manifest=True)
    pulled = setup.pull(found, jobs=16)
    assert len(on_disk(setup.folder)) == len(pulled.files) == 1001
    assert pulled.verified
    assert setup.server.calls("ListKernelSessionOutput") >= 1001 // 20


def test_hostile_names_stay_out_and_are_named(setup: LocalSetup, tmp_path: Path) -> None:
    hostile = [
        "../x",
        "/etc/x",
        "C:\\x",
        "\\\\host\\x",
        "a/../../x",
        "con.txt",
        "dot.",
        "plots/CURVES.png",
    ]
    files = [{"name": name, "text": "evil"} for name in hostile]
    out = tmp_path / "deep" / "results"
    pulled = setup.pull(setup.seed(files=[*THE_USUAL, *files]), out=out)
    usual = {str(file["name"]) for file in THE_USUAL}
    # Of two names that differ by case only, one is taken.
    twins = {"plots/CURVES.png", "plots/curves.png"}
    assert {refused.path for refused in pulled.refused} - twins == set(hostile) - twins
    assert on_disk(out) == names(pulled)
    assert len(names(pulled) & twins) == 1 and names(pulled) - twins == usual - twins
    assert not list(tmp_path.rglob("x"))


def test_a_symbolic_link_in_the_way_is_not_followed(setup: LocalSetup, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    setup.folder.mkdir()
    (setup.folder / "plots").symlink_to(elsewhere, target_is_directory=True)
    pulled = setup.pull(setup.seed(files=THE_USUAL, manifest=True))
    assert [refused.path for refused in pulled.refused] == ["plots/curves.png"]
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_is_a_symbolic_link_here_is_replaced_not_written_through(
    setup: LocalSetup, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine", "utf-8")
    setup.folder.mkdir()
    (setup.folder / "model.keras").symlink_to(precious)
    setup.pull(setup.seed(files=THE_USUAL, manifest=True))
    assert precious.read_text("utf-8") == "mine"
    assert not (setup.folder / "model.keras").is_symlink()


# The network.


def test_a_broken_connection_goes_on_where_it_broke(setup: LocalSetup) -> None:
    found = setup.seed(files=[{"name": "big.bin", "bytes": 5_000_000}], manifest=True)
    setup.pull(found, only="nothing")
    setup.server.fault("drop", "download", after_bytes=2_000_000, count=2)
    pulled = setup.pull(found)
    assert pulled.verified and (setup.folder / "big.bin").stat().st_size == 5_000_000


def test_what_an_interrupted_pull_had_is_not_fetched_twice(setup: LocalSetup) -> None:
    found = setup.seed(files=[{"name": "big.bin", "bytes": 5_000_000}], manifest=True)
    setup.pull(found, only="nothing")
    part = LocalResultsFolder(setup.folder).part_path("big.bin")
    setup.server.fault("drop", "download", after_bytes=3_000_000, count=1)
    with pytest.raises(DownloadInterrupted):
        HttpDownloader(direct=True).fetch(next(setup.kaggle.outputs(found.ref)), part)
    assert part.stat().st_size > 1_000_000
    # Only what is missing comes now: the whole would not come in one go.
    setup.server.fault("drop", "download", after_bytes=4_000_000, count=None)
    asked = setup.server.calls("download")
    assert setup.pull(found).verified
    assert setup.server.calls("download") == asked + 1


def test_an_expired_address_is_renewed(setup: LocalSetup) -> None:
    found = setup.seed(files=THE_USUAL, manifest=True)
    setup.server.fault("expired", "download", count=4)
    pulled = setup.pull(found)
    assert pulled.verified and not pulled.failed


def test_addresses_that_ran_out_while_others_came_are_asked_for_anew(setup: LocalSetup) -> None:
    setup.server.settings(url_seconds=60)
    found = setup.seed(files=THE_USUAL, manifest=True)
    urls = FileUrls(setup.kaggle.outputs(found.ref), lambda: setup.kaggle.outputs(found.ref))
    setup.server.advance(3600)
    folder = LocalResultsFolder(setup.folder)
    fetcher = FileFetcher(urls, HttpDownloader(direct=True), folder, refetch=False, tries=5)
    listed = setup.server.calls("ListKernelSessionOutput")
    with folder.exclusive(lambda: None):
        assert [fetcher.fetch(name, None).state for name in urls.names] == ["fetched"] * 6
    # One listing renews them all.
    assert setup.server.calls("ListKernelSessionOutput") == listed + 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_storage_is_asked_again(setup: LocalSetup, status: int) -> None:
    setup.server.fault("status", "download", status=status, count=3)
    assert setup.pull(setup.seed(files=THE_USUAL, manifest=True)).verified


def test_an_error_page_never_becomes_a_file(setup: LocalSetup) -> None:
    found = setup.seed(files=[{"name": "model.keras", "bytes": 100}])
    setup.server.fault("expired", "download", count=None)
    pulled = setup.pull(found, tries=2)
    assert [failed.path for failed in pulled.failed] == ["model.keras"]
    assert on_disk(setup.folder) == set()
    assert isinstance(pulled.failure, NetworkFailed)
    assert "http" not in pulled.failure.message.lower().replace("(http 400)", "")


def test_what_is_not_as_promised_is_not_kept(setup: LocalSetup) -> None:
    promise = {"path": "model.keras", "bytes": 4, "sha256": "0" * 64}
    manifest = {"schema": "kitctl-manifest/1", "files": [promise]}
    files = [
        {"name": "model.keras", "text": "what"},
        {"name": "manifest.json", "text": json.dumps(manifest)},
    ]
    pulled = setup.pull(setup.seed(files=files), tries=2)
    assert [failed.path for failed in pulled.failed] == ["model.keras"]
    assert on_disk(setup.folder) == {"manifest.json"}
    assert not pulled.verified


def test_a_long_file_is_checked_by_the_blake2b_that_is_promised_too(setup: LocalSetup) -> None:
    content = b"what"
    hashes = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "blake2b": hashlib.blake2b(content).hexdigest(),
    }
    promises = [
        {"path": "good.keras", "bytes": 4, **hashes},
        {"path": "bad.keras", "bytes": 4, **hashes, "blake2b": "0" * 128},
    ]
    manifest = {"schema": "kitctl-manifest/1", "files": promises}
    files = [
        {"name": "good.keras", "text": "what"},
        {"name": "bad.keras", "text": "what"},
        {"name": "manifest.json", "text": json.dumps(manifest)},
    ]
    pulled = setup.pull(setup.seed(files=files), tries=2)
    assert [failed.path for failed in pulled.failed] == ["bad.keras"]
    assert [file.sha256 for file in pulled.files if file.path == "good.keras"] == [hashes["sha256"]]
    assert on_disk(setup.folder) == {"manifest.json", "good.keras"}


def test_a_promised_file_that_is_not_there_is_missed(setup: LocalSetup) -> None:
    promise = {"path": "gone.bin", "bytes": 4, "sha256": "0" * 64}
    manifest = {"schema": "kitctl-manifest/1", "files": [promise]}
    pulled = setup.pull(setup.seed(files=[{"name": "manifest.json", "text": json.dumps(manifest)}]))
    assert pulled.missing == ("gone.bin",)
    assert not pulled.verified


# The run.


def test_a_failed_run_leaves_its_part_and_its_log_and_is_called_failed(setup: LocalSetup) -> None:
    found = setup.seed(files=THE_USUAL[:1], status="ERROR", log=["Traceback"])
    pulled = setup.pull(found)
    assert names(pulled) == {"model.keras"}
    assert pulled.log.read_text("utf-8") == "Traceback\n"
    assert isinstance(pulled.failure, RunFailed)
    assert str(setup.folder) in pulled.failure.message


def test_a_cancelled_run_is_called_cancelled(setup: LocalSetup) -> None:
    pulled = setup.pull(setup.seed(files=THE_USUAL, status="CANCEL_ACKNOWLEDGED"))
    assert isinstance(pulled.failure, RunCancelled)


def test_a_run_that_goes_on_is_not_pulled(setup: LocalSetup) -> None:
    setup.server.push("goes-on", "import time; time.sleep(600)")
    until(lambda: setup.server.status("goes-on") == "RUNNING")
    with pytest.raises(Refused) as caught:
        setup.pull(TargetRun(RunRef(KernelRef("local", "goes-on"), 1), None))
    assert caught.value.code == "run_under_way"
    assert "--wait" in hint_text(caught.value.hint)


def test_a_log_of_the_runs_own_is_not_overwritten(setup: LocalSetup) -> None:
    files = [{"name": "log.txt", "text": "the run's own"}]
    pulled = setup.pull(setup.seed(files=files, log=["Kaggle's"]))
    assert (setup.folder / "log.txt").read_text("utf-8") == "the run's own"
    assert pulled.log.read_text("utf-8") == "Kaggle's\n"


# This machine.


def test_two_pulls_at_once_fetch_once(setup: LocalSetup) -> None:
    found = setup.seed(files=[{"name": "f{}.bin", "bytes": 50_000, "count": 30}], manifest=True)
    setup.server.fault("latency", "download", seconds=0.02)
    results: list[PullResult] = []

    def pull() -> None:
        # The ledger's connection belongs to its own thread; this run is not in it.
        results.append(
            pull_results(
                found,
                setup.kaggle,
                setup.ledger,
                HttpDownloader(direct=True),
                LocalResultsFolder(setup.folder),
                PullOptions(jobs=4),
                setup.reporter,
            )
        )

    threads = [threading.Thread(target=pull) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [pulled.verified for pulled in results] == [True, True]
    assert setup.server.calls("download") == 31
    assert any("waiting" in line for line in setup.reporter.lines)


def test_a_disk_too_small_is_told_before_anything_is_fetched(setup: LocalSetup) -> None:
    promise = {"path": "huge.bin", "bytes": 10**18, "sha256": "0" * 64}
    manifest = {"schema": "kitctl-manifest/1", "files": [promise]}
    files = [
        {"name": "huge.bin", "bytes": 10},
        {"name": "manifest.json", "text": json.dumps(manifest)},
    ]
    with pytest.raises(InvalidInput) as caught:
        setup.pull(setup.seed(files=files))
    assert caught.value.code == "disk_full"
    assert on_disk(setup.folder) == {"manifest.json"}


def test_a_folder_that_cannot_be_made_is_named(setup: LocalSetup, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(OSError, match="file"):
        setup.pull(setup.seed(files=THE_USUAL), out=tmp_path / "file" / "results")
