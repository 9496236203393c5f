"""`pull-results`: the outputs of a run in a folder here, checked and read."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest
from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.results import file_names, files_on_disk

from kitctl.adapters.download import HttpDownloader
from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.runs.run import KernelRef, RunRef
from kitctl.errors import InvalidInput, Refused, RunCancelled, RunFailed, hint_text
from kitctl.operations.pull_results import PullOptions, PullResult, pull_results
from kitctl.operations.watching.find_run import TargetRun

RUN_REPORT = {
    "schema": "kitctl-run/1",
    "started_at": "2026-11-10T10:00:30Z",
    "ended_at": "2026-11-10T10:59:30Z",
    "epochs": 2,
    "reading": {"words": "It fits well."},
}
USUAL_FILES = [
    {"name": "model.keras", "bytes": 300_000},
    {"name": "plots/curves.png", "bytes": 2_000},
    {"name": "metrics.json", "text": '{"val_loss": 0.25, "best_epoch": 2}'},
    {"name": "history.csv", "text": "epoch,loss,seconds\n1,0.7,1.0\n2,0.3,1.0\n"},
    {"name": "run.json", "text": json.dumps(RUN_REPORT)},
]
FIRST_NAMES = {str(file["name"]) for file in USUAL_FILES}


def test_all_files_are_fetched_verified_and_read(setup: LocalSetup) -> None:
    result = setup.pull(setup.seed(files=USUAL_FILES, manifest=True, log=["hello", "wörld"]))
    assert files_on_disk(setup.folder) == file_names(result)
    assert len(result.files) == len(USUAL_FILES) + 1
    assert result.verified and result.failure is None
    assert result.summary.metrics == {"val_loss": 0.25, "best_epoch": 2}
    assert result.summary.history.columns["loss"] == [0.7, 0.3]
    assert result.summary.report["reading"]["words"] == "It fits well."
    assert [plot.name for plot in result.plots] == ["curves.png"]
    assert result.log.read_text("utf-8") == "hello\nwörld\n"
    for file in result.files:
        content = (setup.folder / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_second_call_fetches_the_manifest_only(setup: LocalSetup) -> None:
    target = setup.seed(files=USUAL_FILES, manifest=True)
    setup.pull(target)
    fetched = setup.server.calls("download")
    again = setup.pull(target)
    # The manifest always comes anew: the one that is here may be another run's.
    assert setup.server.calls("download") == fetched + 1
    assert {file.state for file in again.files} == {"kept"}
    assert again.verified


def test_without_a_manifest_a_second_call_fetches_nothing_either(setup: LocalSetup) -> None:
    target = setup.seed(files=USUAL_FILES)
    assert not setup.pull(target).verified
    fetched = setup.server.calls("download")
    assert {file.state for file in setup.pull(target).files} == {"kept"}
    assert setup.server.calls("download") == fetched


@pytest.mark.parametrize("manifest", [True, False])
def test_a_file_that_was_changed_here_is_fetched_again(setup: LocalSetup, manifest: bool) -> None:
    target = setup.seed(files=USUAL_FILES, manifest=manifest)
    setup.pull(target)
    model = setup.folder / "model.keras"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1] + b"!")
    states = {file.path: file.state for file in setup.pull(target).files}
    assert model.read_bytes() == whole
    assert [path for path, state in states.items() if state == "fetched"] == ["model.keras"]


@pytest.mark.parametrize("manifest", [True, False])
def test_files_of_another_run_are_not_taken_for_this_ones(
    setup: LocalSetup, manifest: bool
) -> None:
    setup.pull(setup.seed("first", files=USUAL_FILES, manifest=manifest))
    its_own = [
        {"name": "model.keras", "text": "another model"},
        {"name": "history.csv", "text": "epoch,loss,seconds\n1,0.9,1.0\n"},
    ]
    target = setup.seed("second", files=its_own, manifest=manifest)
    result = setup.pull(target)
    assert {file.state for file in result.files} == {"fetched"}
    assert (setup.folder / "model.keras").read_text("utf-8") == "another model"
    assert result.verified is manifest
    assert (
        result.summary.history.columns["loss"],
        result.summary.metrics,
        result.summary.report,
    ) == ([0.9], {}, {})
    (moved,) = result.moved
    assert set(moved.names) == {*FIRST_NAMES, *(["manifest.json"] if manifest else []), "log.txt"}
    assert files_on_disk(moved.folder) >= FIRST_NAMES
    again = setup.pull(target)
    assert ({file.state for file in again.files}, again.moved) == ({"kept"}, ())


def test_files_of_an_earlier_call_are_read_too(setup: LocalSetup) -> None:
    target = setup.seed(files=USUAL_FILES)
    setup.pull(target)
    result = setup.pull(target, only="*.png")
    assert (result.summary.metrics["best_epoch"], result.summary.history.columns["loss"]) == (
        2,
        [0.7, 0.3],
    )


def test_force_fetches_every_file_again(setup: LocalSetup) -> None:
    target = setup.seed(files=USUAL_FILES, manifest=True)
    setup.pull(target)
    states = [file.state for file in setup.pull(target, refetch=True).files]
    assert set(states) == {"fetched"}


def test_only_matching_files_are_fetched(setup: LocalSetup) -> None:
    result = setup.pull(setup.seed(files=USUAL_FILES, manifest=True), only="*.png")
    assert file_names(result) == {"plots/curves.png", "manifest.json"}
    assert result.verified


def test_a_thousand_files_in_pages_of_twenty_are_all_fetched(setup: LocalSetup) -> None:
    setup.kaggle = connect_local(setup.server.endpoint, setup.server.token, page_size=20)
    target = setup.seed(files=[{"name": "out/f{}.bin", "bytes": 100, "count": 1000}], manifest=True)
    result = setup.pull(target, jobs=16)
    assert len(files_on_disk(setup.folder)) == len(result.files) == 1001
    assert result.verified
    assert setup.server.calls("ListKernelSessionOutput") >= 1001 // 20


def test_the_outputs_and_the_log_of_a_failed_run_are_fetched_and_it_is_an_error(
    setup: LocalSetup,
) -> None:
    target = setup.seed(files=USUAL_FILES[:1], status="ERROR", log=["Traceback"])
    result = setup.pull(target)
    assert file_names(result) == {"model.keras"}
    assert result.log.read_text("utf-8") == "Traceback\n"
    assert isinstance(result.failure, RunFailed)
    assert str(setup.folder) in result.failure.message


def test_the_outputs_of_a_cancelled_run_are_fetched_and_it_is_an_error(setup: LocalSetup) -> None:
    result = setup.pull(setup.seed(files=USUAL_FILES, status="CANCEL_ACKNOWLEDGED"))
    assert isinstance(result.failure, RunCancelled)


def test_a_run_that_has_not_ended_is_refused(setup: LocalSetup) -> None:
    setup.server.push("goes-on", "import time; time.sleep(600)")
    until(lambda: setup.server.status("goes-on") == "RUNNING")
    with pytest.raises(Refused) as caught:
        setup.pull(TargetRun(RunRef(KernelRef("local", "goes-on"), 1), None))
    assert caught.value.code == "run_under_way"
    assert "--wait" in hint_text(caught.value.hint)


def test_a_file_of_the_run_named_log_txt_is_not_overwritten(setup: LocalSetup) -> None:
    files = [{"name": "log.txt", "text": "the run's own"}]
    result = setup.pull(setup.seed(files=files, log=["Kaggle's"]))
    assert (setup.folder / "log.txt").read_text("utf-8") == "the run's own"
    assert result.log.read_text("utf-8") == "Kaggle's\n"


def test_two_pulls_at_once_fetch_each_file_once(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "f{}.bin", "bytes": 50_000, "count": 30}], manifest=True)
    setup.server.fault("latency", "download", seconds=0.02)
    results: list[PullResult] = []

    def pull() -> None:
        # The ledger's connection belongs to its own thread; this run is not in it.
        results.append(
            pull_results(
                target,
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
    assert [result.verified for result in results] == [True, True]
    assert setup.server.calls("download") == 32  # The manifest comes twice.
    assert any("waiting" in line for line in setup.reporter.lines)


def test_a_disk_that_is_too_small_is_an_error_before_the_download(setup: LocalSetup) -> None:
    entry = {"path": "huge.bin", "bytes": 10**18, "sha256": "0" * 64}
    manifest = {"schema": "kitctl-manifest/1", "files": [entry]}
    files = [
        {"name": "huge.bin", "bytes": 10},
        {"name": "manifest.json", "text": json.dumps(manifest)},
    ]
    with pytest.raises(InvalidInput) as caught:
        setup.pull(setup.seed(files=files))
    assert caught.value.code == "disk_full"
    assert files_on_disk(setup.folder) == {"manifest.json"}


def test_a_folder_that_cannot_be_created_is_named(setup: LocalSetup, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(InvalidInput, match="file"):
        setup.pull(setup.seed(files=USUAL_FILES), out=tmp_path / "file" / "results")


def test_what_only_another_run_needs_stays_at_kaggle_until_it_is_named(setup: LocalSetup) -> None:
    rows = "features/rows.npy"
    manifest = {
        "schema": "kitctl-manifest/1",
        "files": [
            {"path": rows, "bytes": 4, "sha256": sha256("rows"), "on_request": True},
            {"path": "metrics.json", "bytes": 2, "sha256": sha256("{}")},
        ],
    }
    target = setup.seed(
        files=[
            {"name": rows, "text": "rows"},
            {"name": "metrics.json", "text": "{}"},
            {"name": "manifest.json", "text": json.dumps(manifest)},
        ]
    )
    pulled = setup.pull(target)
    assert file_names(pulled) == {"metrics.json", "manifest.json"}
    assert pulled.verified and pulled.failure is None
    assert pulled.as_data()["on_request"] == [{"path": rows, "bytes": 4}]
    named = setup.pull(target, only="features/*")
    assert rows in file_names(named)
    assert named.on_request == ()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
