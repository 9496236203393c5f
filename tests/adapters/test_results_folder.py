"""The folder of a run's results: what is relied on, what is fetched again, who may write."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.results import OWN_FOLDER, ManifestEntry
from kitctl.errors import InvalidInput
from kitctl.ports import FileContent

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()
ENTRY = ManifestEntry("model/a.bin", len(DATA), SHA256)


def fail_if_called() -> None:
    raise AssertionError("nobody else uses the folder")


def place(folder: LocalResultsFolder, name: str, data: bytes = DATA) -> None:
    """Fetch a file and place it, as a pull does."""
    folder.part_path(name).write_bytes(data)
    folder.place(name, FileContent(len(data), hashlib.sha256(data).hexdigest()))


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
    assert folder.read(ENTRY.path) == DATA


def test_a_later_pull_finds_what_an_earlier_one_placed(root: Path) -> None:
    with (first := LocalResultsFolder(root)).exclusive(fail_if_called):
        first.claim("run 1")
        place(first, ENTRY.path)
    with (later := LocalResultsFolder(root)).exclusive(fail_if_called):
        assert later.claim("run 1") == []
        assert later.existing(ENTRY.path, None) == FileContent(len(DATA), SHA256)
        assert later.existing(ENTRY.path, ENTRY) == FileContent(len(DATA), SHA256)
        assert later.existing("model/other.bin", None) is None


@pytest.mark.parametrize("changed", [b"WEIGHTS", b"longer weights"])
def test_a_file_that_was_changed_is_not_relied_on(root: Path, changed: bytes) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        place(folder, ENTRY.path)
        path = root / ENTRY.path
        path.write_bytes(changed)
        os.utime(path, ns=(1, 1))
        assert folder.existing(ENTRY.path, ENTRY) is None
        assert folder.existing(ENTRY.path, None) is None


def test_a_placed_file_is_not_relied_on_where_the_manifest_says_otherwise(root: Path) -> None:
    other = ManifestEntry(ENTRY.path, len(DATA), hashlib.sha256(b"others!").hexdigest())
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        place(folder, ENTRY.path)
        assert folder.existing(ENTRY.path, other) is None


def test_a_file_of_unknown_origin_is_relied_on_only_by_the_manifest(root: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        (root / "model").mkdir()
        (root / ENTRY.path).write_bytes(DATA)
        assert folder.existing(ENTRY.path, None) is None
        assert folder.existing(ENTRY.path, ENTRY) == FileContent(len(DATA), SHA256)


def test_a_record_that_a_kill_cut_off_is_left_out(root: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        place(folder, "a.bin")
        place(folder, "b.bin")
    records = root / OWN_FOLDER / "files.jsonl"
    records.write_text(records.read_text("utf-8")[:-20], "utf-8")
    with (later := LocalResultsFolder(root)).exclusive(fail_if_called):
        assert later.existing("a.bin", None) == FileContent(len(DATA), SHA256)
        assert later.existing("b.bin", None) is None


def test_another_runs_files_are_named_and_not_relied_on(root: Path) -> None:
    with (first := LocalResultsFolder(root)).exclusive(fail_if_called):
        first.claim("run 1")
        place(first, "a.bin")
        place(first, "deleted.bin")
    (root / "deleted.bin").unlink()
    with (second := LocalResultsFolder(root)).exclusive(fail_if_called):
        assert second.claim("run 2") == ["a.bin"]
        assert second.existing("a.bin", None) is None
    assert (root / "a.bin").read_bytes() == DATA


def test_a_file_is_written_whole_and_read_back(root: Path) -> None:
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        folder.write("log.txt", b"one")
        folder.write("log.txt", b"two")
        assert folder.read("log.txt") == b"two"
        assert folder.read("none.txt") is None
    assert {path.name for path in root.iterdir()} == {"log.txt", OWN_FOLDER}


def test_nothing_is_written_or_read_through_a_symbolic_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.bin").write_bytes(DATA)
    with (folder := LocalResultsFolder(root)).exclusive(fail_if_called):
        (root / "model").symlink_to(tmp_path / "outside")
        for refused in (
            lambda: place(folder, ENTRY.path),
            lambda: folder.existing(ENTRY.path, ENTRY),
        ):
            with pytest.raises(InvalidInput) as caught:
                refused()
            assert caught.value.code == "symlink"
        (root / "link.bin").symlink_to(tmp_path / "outside" / "a.bin")
        assert folder.existing("link.bin", ManifestEntry("link.bin", len(DATA), SHA256)) is None


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
