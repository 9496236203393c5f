"""Two runs of one name pulled into one folder: neither is written over, neither is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.local_setup import LocalSetup
from support.results import files_on_disk

from kitctl.domain.results.files import OWN_FOLDER
from kitctl.operations.pull_results import PullResult

NAMES = {"model.keras", "metrics.json"}


def pull_a_run_made_anew(setup: LocalSetup, content: str, **how: Any) -> PullResult:
    """Pull version 1 of a local Kaggle without any other run: its files are as long as ever."""
    setup.server.reset()
    files = [
        {"name": "model.keras", "text": content},
        {"name": "metrics.json", "text": '{"val_loss": 0.25}'},
    ]
    return setup.pull(setup.seed(files=files, log=[f"of {content}"], **how))


def contents_beside(setup: LocalSetup) -> list[str]:
    """Return the models in the folders beside the run's own."""
    folders = setup.folder.parent.glob("results.*")
    return sorted((folder / "model.keras").read_text("utf-8") for folder in folders)


@pytest.mark.parametrize("manifest", [True, False])
def test_the_results_from_before_a_reset_are_kept(setup: LocalSetup, manifest: bool) -> None:
    first = pull_a_run_made_anew(setup, "first!", manifest=manifest)
    assert first.moved == ()
    second = pull_a_run_made_anew(setup, "second", manifest=manifest)
    (moved,) = second.moved
    assert (setup.folder / "model.keras").read_text("utf-8") == "second"
    assert (setup.folder / "log.txt").read_text("utf-8") == "of second\n"
    assert (moved.folder / "model.keras").read_text("utf-8") == "first!"
    assert (moved.folder / "log.txt").read_text("utf-8") == "of first!\n"
    assert moved.folder.parent == setup.folder.parent.resolve()
    assert set(second.as_data()["strangers"]) >= NAMES


def test_where_kaggle_lists_no_sizes_runs_differ_by_their_logs(setup: LocalSetup) -> None:
    for content in ("first!", "second"):
        setup.server.reset()
        files = [{"name": "model.keras", "text": content}]
        target = setup.seed(files=files, log=[f"of {content}"])
        setup.server.fault("status", "ListKernelFiles", status=403, count=None)
        setup.pull(target)
    assert (setup.folder / "model.keras").read_text("utf-8") == "second"
    assert contents_beside(setup) == ["first!"]
    again = setup.pull(target)
    assert (again.moved, {file.state for file in again.files}) == ((), {"kept"})
    assert any("does not list the sizes" in line for line in setup.reporter.lines)


def test_the_same_run_of_another_service_is_another_run(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "model.keras", "text": "first!"}], manifest=True)
    setup.pull(target)
    setup.kaggle.service = "kaggle"
    assert len(setup.pull(target).moved) == 1
    assert contents_beside(setup) == ["first!"]


def test_a_pull_without_the_ledger_takes_the_folder_for_the_same_runs(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "model.keras", "text": "first!"}])
    setup.pull(target)
    again = setup.pull(target)
    assert (again.moved, {file.state for file in again.files}) == ((), {"kept"})


def test_runs_pulled_in_turns_stay_whole_and_are_not_fetched_twice(setup: LocalSetup) -> None:
    one, two = (
        setup.seed(name, files=[{"name": "model.keras", "text": name}], manifest=True)
        for name in ("one", "two")
    )
    for target in (one, two, one, two):
        setup.pull(target)
    assert (setup.folder / "model.keras").read_text("utf-8") == "two"
    assert contents_beside(setup) == ["one"]
    states = {file.state for file in setup.pull(one).files}
    assert states == {"kept"}
    assert (setup.folder / "model.keras").read_text("utf-8") == "one"
    assert contents_beside(setup) == ["two"]


def test_a_manifest_that_cannot_be_fetched_once_moves_nothing(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "model.keras", "text": "first!"}], manifest=True)
    setup.pull(target)
    setup.server.fault("expired", "download", count=None)
    without = setup.pull(target, tries=1)
    assert ([file.path for file in without.failed], without.moved) == (["manifest.json"], ())
    setup.server.clear_faults()
    again = setup.pull(target)
    assert again.verified and again.moved == ()


def test_files_that_no_pull_has_placed_are_not_written_over(setup: LocalSetup) -> None:
    setup.folder.mkdir()
    for name in ("model.keras", "log.txt", "notes.txt"):
        (setup.folder / name).write_text("mine", "utf-8")
    result = pull_a_run_made_anew(setup, "first!")
    (moved,) = result.moved
    assert {name: (moved.folder / name).read_text("utf-8") for name in moved.names} == {
        "model.keras": "mine",
        "log.txt": "mine",
    }
    assert (setup.folder / "notes.txt").read_text("utf-8") == "mine"
    assert files_on_disk(setup.folder) == {*NAMES, "notes.txt"}


def test_the_folder_of_a_project_itself_does_not_move(
    setup: LocalSetup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text("mine", "utf-8")
    monkeypatch.chdir(project)
    for name in ("one", "two"):
        target = setup.seed(name, files=[{"name": "a/model.keras", "text": name}])
        setup.pull(target, out=Path())
    assert (project / "train.py").read_text("utf-8") == "mine"
    assert (project / "a" / "model.keras").read_text("utf-8") == "two"
    (beside,) = tmp_path.glob("project.*")
    assert (beside / "a" / "model.keras").read_text("utf-8") == "one"
    assert {path.name for path in beside.iterdir()} == {"a", "log.txt", OWN_FOLDER}
