"""The folder of a run's results: what is relied on, what is fetched again, who may write."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.results.files import OWN_FOLDER, ExpectedFile, ManifestEntry, RunIdentity
from kitctl.errors import InvalidInput
from kitctl.ports import FileContent, MovedFiles

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()
ENTRY = ManifestEntry("model/a.bin", len(DATA), SHA256)
PROMISED, ANY = ExpectedFile(ENTRY), ExpectedFile()
FIRST = RunIdentity("local local/job/1", "manifest of the first", "", "2026-11-10T10:30:00Z")
SECOND = RunIdentity("kaggle ada/job/1", "manifest of the second", "", "2026-11-11T11:00:00Z")


def fail_if_called() -> None:
    raise AssertionError("nobody else uses the folder")


def place(folder: LocalResultsFolder, name: str, data: bytes = DATA) -> None:
    """Fetch a file and place it, as a pull does."""
    part = folder.part_path(name)
    part.write_bytes(data)
    folder.place(name, FileContent(len(data), hashlib.sha256(data).hexdigest()), part)


def read(folder: LocalResultsFolder, name: str) -> bytes | None:
    file = folder.open(name)
    if file is None:
        return None
    with file:
        return file.read()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_a_placed_file_is_whole_and_its_part_is_gone(root: Path) -> None:
    folder = LocalResultsFolder(root)
    with folder.exclusive(fail_if_called):
        part = folder.part_path(ENTRY.path)
        etag = part.with_suffix(".etag")
        etag.write_text('"1"', "utf-8")
        place(folder, ENTRY.path)
        assert not part.exists() and not etag.exists()
    assert (root / ENTRY.path).read_bytes() == DATA
    assert read(folder, ENTRY.path) == DATA


def test_a_later_pull_finds_what_an_earlier_one_placed(root: Path) -> None:
    with (first := LocalResultsFolder(root)).exclusive(fail_if_called):
        first.claim(FIRST)
        place(first, ENTRY.path)
    with (later := LocalResultsFolder(root)).exclusive(fail_if_called):
        later.claim(FIRST)
        assert later.moved == ()
        assert later.existing(ENTRY.path, ANY) == FileContent(len(DATA), SHA256)
        assert later.existing(ENTRY.path, PROMISED) == FileContent(len(DATA), SHA256)
        assert later.existing("model/other.bin", ANY) is None


@pytest.mark.parametrize("changed", [b"WEIGHTS", b"longer weights"])
def test_a_file_that_was_changed_is_not_relied_on(root: Path, changed: bytes) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        place(folder, ENTRY.path)
        path = root / ENTRY.path
        path.write_bytes(changed)
        os.utime(path, ns=(1, 1))
        assert folder.existing(ENTRY.path, PROMISED) is None
        assert folder.existing(ENTRY.path, ANY) is None


def test_a_placed_file_is_not_relied_on_where_the_manifest_says_otherwise(root: Path) -> None:
    other = ManifestEntry(ENTRY.path, len(DATA), hashlib.sha256(b"others!").hexdigest())
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        place(folder, ENTRY.path)
        assert folder.existing(ENTRY.path, ExpectedFile(other)) is None


def test_a_file_of_unknown_origin_is_relied_on_only_by_the_manifest(root: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        (root / "model").mkdir()
        (root / ENTRY.path).write_bytes(DATA)
        assert folder.existing(ENTRY.path, ANY) is None
        assert folder.existing(ENTRY.path, PROMISED) == FileContent(len(DATA), SHA256)


def test_a_record_that_a_kill_cut_off_is_left_out(root: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        place(folder, "a.bin")
        place(folder, "b.bin")
    records = root / OWN_FOLDER / "files.jsonl"
    records.write_text(records.read_text("utf-8")[:-20], "utf-8")
    with (later := LocalResultsFolder(root)).exclusive(fail_if_called):
        assert later.existing("a.bin", ANY) == FileContent(len(DATA), SHA256)
        assert later.existing("b.bin", ANY) is None


def pull(root: Path, run: RunIdentity, **files: bytes) -> LocalResultsFolder:
    """Claim the folder for a run and place its files."""
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        folder.claim(run)
        for name, data in files.items():
            place(folder, name, data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder without kitctl's own."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    own = {path for path in paths if OWN_FOLDER in path.parts}
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in {*paths} - own}


def test_another_runs_files_move_beside_the_folder_under_their_own_time(root: Path) -> None:
    pull(root, FIRST, model=b"first", deleted=b"")
    (root / "deleted").unlink()
    (root / "notes.txt").write_bytes(b"mine")
    second = pull(root, SECOND, model=b"second")
    beside = root.with_name("results.20261110-103000")
    assert second.moved == (MovedFiles(beside, ("model",)),)
    assert contents(beside) == {"model": b"first"}
    assert contents(root) == {"model": b"second", "notes.txt": b"mine"}


def test_a_run_that_was_moved_comes_back_with_its_next_pull(root: Path) -> None:
    pull(root, FIRST, model=b"first")
    pull(root, SECOND, model=b"second")
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        folder.claim(FIRST)
        assert folder.existing("model", ANY) == FileContent(5, hashlib.sha256(b"first").hexdigest())
    assert contents(root) == {"model": b"first"}
    assert contents(root.with_name("results.20261111-110000")) == {"model": b"second"}
    assert len(list(root.parent.iterdir())) == 2


def test_runs_of_the_same_time_move_to_different_folders(root: Path) -> None:
    for number in range(3):
        pull(root, replace(FIRST, manifest=f"{number}"), model=f"{number}".encode())
    moved = [contents(folder)["model"] for folder in sorted(root.parent.iterdir())]
    assert moved == [b"2", b"0", b"1"]


def test_a_move_that_was_killed_goes_on(root: Path) -> None:
    pull(root, FIRST, a=b"a", b=b"b")
    beside = root.with_name("results.20261110-103000")
    # As after a kill: the first of two files has moved, and who owns the new folder is noted.
    (beside / OWN_FOLDER).mkdir(parents=True)
    (beside / OWN_FOLDER / "run").write_bytes((root / OWN_FOLDER / "run").read_bytes())
    (root / "a").replace(beside / "a")
    pull(root, SECOND, a=b"second")
    assert contents(beside) == {"a": b"a", "b": b"b"}
    assert contents(root) == {"a": b"second"}


def test_files_of_unknown_origin_are_not_written_over(root: Path) -> None:
    root.mkdir()
    (root / "model").write_bytes(b"mine")
    (root / "same").write_bytes(DATA)
    (root / "plots").write_bytes(b"a file where the run has a folder")
    (root / "table.csv").mkdir()
    os.utime(root / "model", (60, 60))
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        folder.claim(FIRST)
        for name in ("model", "same", "plots/curves.png", "table.csv"):
            place(folder, name)
    beside = root.with_name("results.19700101-000100")
    assert folder.moved == (MovedFiles(beside, ("model", "plots", "table.csv")),)
    assert contents(beside) == {"model": b"mine", "plots": b"a file where the run has a folder"}
    assert set(contents(root).values()) == {DATA}


def test_another_runs_files_that_cannot_move_end_the_pull(tmp_path: Path) -> None:
    root = tmp_path / ("r" * 250)  # With a time after it, the name would be too long.
    pull(root, FIRST, model=b"first")
    with pytest.raises(InvalidInput) as caught:
        pull(root, SECOND, model=b"second")
    assert caught.value.code == "folder_of_another_run"
    assert contents(root) == {"model": b"first"}


@pytest.mark.parametrize(
    "lines",
    [
        b"\xff\xfe\n",
        b"[" * 5000,
        b'{"path": "../outside", "bytes": 1, "sha256": "", "mtime_ns": 1}\n',
        b'{"path": 1, "bytes": 1, "sha256": "", "mtime_ns": 1}\n',
    ],
)
def test_records_that_no_pull_has_written_are_left_out(root: Path, lines: bytes) -> None:
    outside = root.with_name("outside")
    pull(root, FIRST, model=b"first")
    outside.write_bytes(b"mine")
    with (root / OWN_FOLDER / "files.jsonl").open("ab") as file:
        file.write(lines)
    moved = pull(root, SECOND, model=b"second").moved
    assert moved[0].names == ("model",)
    assert outside.read_bytes() == b"mine"


def test_a_folder_that_has_become_a_link_is_not_moved_through(root: Path, tmp_path: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        folder.claim(FIRST)
        place(folder, "model/a.bin")
    (root / "model").rename(tmp_path / "elsewhere")
    (root / "model").symlink_to(tmp_path / "elsewhere")
    pull(root, SECOND, other=b"second")
    assert (tmp_path / "elsewhere" / "a.bin").read_bytes() == DATA


def test_whether_case_counts_is_tried_out(root: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        (root / "Case").touch()
        assert folder.is_case_sensitive() is not (root / "case").exists()


def test_nothing_is_written_or_read_through_a_symbolic_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.bin").write_bytes(DATA)
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        (root / "model").symlink_to(tmp_path / "outside")
        for refused in (
            lambda: place(folder, ENTRY.path),
            lambda: folder.existing(ENTRY.path, PROMISED),
        ):
            with pytest.raises(InvalidInput) as caught:
                refused()
            assert caught.value.code == "symlink"
        (root / "link.bin").symlink_to(tmp_path / "outside" / "a.bin")
        assert (
            folder.existing("link.bin", ExpectedFile(ManifestEntry("link.bin", len(DATA), SHA256)))
            is None
        )


def test_a_second_pull_waits_for_the_first_and_says_so(root: Path) -> None:
    waiting, done = threading.Event(), threading.Event()

    def second_pull() -> None:
        with LocalResultsFolder(root).exclusive(waiting.set):
            done.set()

    with LocalResultsFolder(root).exclusive(fail_if_called):
        thread = threading.Thread(target=second_pull)
        thread.start()
        assert waiting.wait(20)
        assert not done.wait(0.3)
    assert done.wait(20)
    thread.join(20)


def test_a_killed_pull_leaves_no_lock_behind(root: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from kitctl.adapters.results_folder import LocalResultsFolder\n"
        "with LocalResultsFolder(pathlib.Path(sys.argv[1])).exclusive(print):\n"
        "    print('locked', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout and killed.stdout.readline() == "locked\n"
        waited: list[bool] = []

        def kill_it() -> None:
            waited.append(True)
            killed.kill()

        with LocalResultsFolder(root).exclusive(kill_it):
            assert waited == [True]
