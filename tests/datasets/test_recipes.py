"""A recipe makes its folder completely or not at all, however it ends."""

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
    command = sys.stdin.readline().strip()
    if command == "fail":
        raise RecipeError("The second file is missing.")
    if command == "full":
        raise OSError(28, "No space left on device")
    (folder / "second.txt").write_text("second")

sys.exit(run(__file__, "A toy.", make))
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A recipe that waits half way for a command on stdin: go, fail or full."""
    path = tmp_path / "toy" / "recipe.py"
    path.parent.mkdir()
    path.write_text(TOY.format(datasets=str(DATASETS)), "utf-8")
    return path


def start_recipe(recipe: Path, *options: str) -> subprocess.Popen[str]:
    """Start the recipe, and return once its first file is written."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(recipe), *options]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    return process


def run_recipe(recipe: Path, command: str, *options: str) -> tuple[int, str]:
    """Run the recipe to its end; return its exit code and stderr."""
    process = start_recipe(recipe, *options)
    _, stderr = process.communicate(command + "\n", timeout=60)
    return process.returncode, stderr


def names_beside(recipe: Path) -> list[str]:
    """Return the names in the recipe's folder, its own too."""
    return sorted(path.name for path in recipe.parent.iterdir())


def test_a_successful_recipe_leaves_its_files_and_nothing_else(toy: Path) -> None:
    assert run_recipe(toy, "go") == (0, "")
    assert names_beside(toy) == ["files", "recipe.py"]
    assert [p.name for p in sorted((toy.parent / "files").iterdir())] == [
        "first.txt",
        "second.txt",
    ]


def test_a_second_run_does_nothing(toy: Path) -> None:
    run_recipe(toy, "go")
    (toy.parent / "files" / "mine.txt").write_text("mine", "utf-8")
    again = subprocess.run(
        [sys.executable, str(toy)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "files/ exists" in again.stdout
    assert (toy.parent / "files" / "mine.txt").exists()


@pytest.mark.parametrize(
    ("command", "message"), [("fail", "is missing"), ("full", "No space left")]
)
def test_a_failure_is_one_sentence_and_leaves_nothing(
    toy: Path, command: str, message: str
) -> None:
    code, stderr = run_recipe(toy, command)
    assert code == 1
    assert stderr.startswith("error: ")
    assert message in stderr
    assert "Traceback" not in stderr
    assert names_beside(toy) == ["recipe.py"]


def test_a_failed_second_run_keeps_the_old_files(toy: Path) -> None:
    run_recipe(toy, "go")
    code, _ = run_recipe(toy, "fail", "--again")
    assert code == 1
    assert (toy.parent / "files" / "second.txt").exists()
    assert names_beside(toy) == ["files", "recipe.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_recipe_leaves_nothing(toy: Path, number: int, code: int) -> None:
    process = start_recipe(toy)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in stderr
    assert names_beside(toy) == ["recipe.py"]


def test_the_partial_folder_of_a_killed_recipe_is_never_used_and_later_removed(toy: Path) -> None:
    process = start_recipe(toy)
    process.kill()
    process.communicate(timeout=60)
    (partial,) = (name for name in names_beside(toy) if name != "recipe.py")
    assert partial.startswith(".files-")
    yesterday = time.time() - 86_400
    os.utime(toy.parent / partial, (yesterday, yesterday))
    assert run_recipe(toy, "go")[0] == 0
    assert names_beside(toy) == ["files", "recipe.py"]


def test_two_runs_at_the_same_time_both_succeed(toy: Path) -> None:
    slow = start_recipe(toy)
    assert run_recipe(toy, "go")[0] == 0
    _, stderr = slow.communicate("go\n", timeout=60)
    assert (slow.returncode, stderr) == (0, "")
    assert names_beside(toy) == ["files", "recipe.py"]
