"""Recipes end whole or not at all, whatever ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
TOY = """
import sys
sys.path.insert(0, {datasets!r})
from recipes.folders import RecipeError, run

def make(folder):
    (folder / "first.txt").write_text("first")
    print("half way", flush=True)
    word = sys.stdin.readline().strip()
    if word == "fail":
        raise RecipeError("The second file cannot be had.")
    if word == "full":
        raise OSError(28, "No space left on device")
    (folder / "second.txt").write_text("second")

sys.exit(run(__file__, "A toy.", make))
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A recipe that stops half way until it is told how to go on."""
    path = tmp_path / "toy" / "recipe.py"
    path.parent.mkdir()
    path.write_text(TOY.format(datasets=str(DATASETS)), "utf-8")
    return path


def started(recipe: Path, *options: str) -> subprocess.Popen[str]:
    """The recipe under way, its first file written."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(recipe), *options]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    return process


def told(recipe: Path, word: str, *options: str) -> tuple[int, str]:
    """Run the recipe to its end: exit code and what it said on stderr."""
    process = started(recipe, *options)
    _, complaint = process.communicate(word + "\n", timeout=60)
    return process.returncode, complaint


def left(recipe: Path) -> list[str]:
    return sorted(path.name for path in recipe.parent.iterdir())


def test_a_recipe_that_ends_well_leaves_files_and_no_more(toy: Path) -> None:
    assert told(toy, "go") == (0, "")
    assert left(toy) == ["files", "recipe.py"]
    assert [p.name for p in sorted((toy.parent / "files").iterdir())] == [
        "first.txt",
        "second.txt",
    ]


def test_a_second_run_does_nothing(toy: Path) -> None:
    told(toy, "go")
    (toy.parent / "files" / "mine.txt").write_text("mine", "utf-8")
    again = subprocess.run(
        [sys.executable, str(toy)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "there already" in again.stdout
    assert (toy.parent / "files" / "mine.txt").exists()


@pytest.mark.parametrize(("word", "says"), [("fail", "cannot be had"), ("full", "No space left")])
def test_a_failure_is_one_sentence_and_leaves_nothing(toy: Path, word: str, says: str) -> None:
    code, complaint = told(toy, word)
    assert code == 1
    assert complaint.startswith("error: ")
    assert says in complaint
    assert "Traceback" not in complaint
    assert left(toy) == ["recipe.py"]


def test_a_failure_to_make_them_anew_keeps_the_old_files(toy: Path) -> None:
    told(toy, "go")
    code, _ = told(toy, "fail", "--again")
    assert code == 1
    assert (toy.parent / "files" / "second.txt").exists()
    assert left(toy) == ["files", "recipe.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_recipe_leaves_nothing(toy: Path, number: int, code: int) -> None:
    process = started(toy)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in complaint
    assert left(toy) == ["recipe.py"]


def test_what_a_killed_recipe_left_is_never_taken_for_its_files_and_goes_later(toy: Path) -> None:
    process = started(toy)
    process.kill()
    process.communicate(timeout=60)
    (leavings,) = (name for name in left(toy) if name != "recipe.py")
    assert leavings.startswith(".files-")
    yesterday = time.time() - 86_400
    os.utime(toy.parent / leavings, (yesterday, yesterday))
    assert told(toy, "go")[0] == 0
    assert left(toy) == ["files", "recipe.py"]


def test_two_runs_at_once_both_end_well(toy: Path) -> None:
    slow = started(toy)
    assert told(toy, "go")[0] == 0
    _, complaint = slow.communicate("go\n", timeout=60)
    assert (slow.returncode, complaint) == (0, "")
    assert left(toy) == ["files", "recipe.py"]
