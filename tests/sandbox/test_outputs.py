"""A working folder made safe to read from outside the run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.sandbox_runs import run

from kitctl.sandbox.outputs import remove_unsafe

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def test_links_that_lead_out_and_pipes_are_removed_and_files_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    working = tmp_path / "working"
    (working / "folder").mkdir(parents=True)
    (working / "folder/a.txt").write_text("a", "utf-8")
    (working / "a.txt").symlink_to("folder/a.txt")
    (working / "folder/absolute").symlink_to(tmp_path / "mine.txt")
    (working / "folder/relative").symlink_to("../../mine.txt")
    (working / "above").symlink_to("..")
    (working / "circle").symlink_to("circle")
    os.mkfifo(working / "run.json")
    remove_unsafe(working)
    left = sorted(path.relative_to(working).as_posix() for path in working.rglob("*"))
    assert [name for name in left if name != "circle"] == ["a.txt", "folder", "folder/a.txt"]
    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine"


def test_a_run_leaves_no_link_to_a_file_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    script = f"import os; os.symlink({str(tmp_path / 'mine.txt')!r}, 'dry-run.log')"
    code, _, started = run(tmp_path / "run", script)
    assert code == 0
    assert list(started.working.iterdir()) == []
