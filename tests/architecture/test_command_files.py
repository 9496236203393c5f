"""One stem a command: the same file name in cli/, operations/, render/ and tests/cli/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.source_files import PROJECT, expect_none, python_files

from kitctl.cli.app import MODULES

# A file that a command does without → why.
WITHOUT = {
    "operations/wait.py": "waiting is operations/watching/watch.py, as for push and pull-results",
    "operations/status.py": "reading a run's state is operations/watching/run_status.py",
    "render/wait.py": "draws the run as `status` does",
    "operations/local.py": "starts and stops the local Kaggle, nothing more",
}
# A file of operations/ beside the commands' → why it is in none of the rooms.
BESIDES = {
    "__init__": "the folder",
    "prefetch": "any command may send a request while it does something else",
}


def expected_files() -> Iterator[str]:
    for stem in dict.fromkeys(MODULES.values()):
        yield from (f"{folder}/{stem}.py" for folder in ("cli", "operations", "render"))


@pytest.mark.parametrize("name", [name for name in expected_files() if name not in WITHOUT])
def test_a_command_has_a_file_in_each_layer(name: str) -> None:
    assert (PROJECT / "kitctl" / name).is_file(), (
        f"kitctl/{name} is missing: name it after the command, or say in WITHOUT why it has none"
    )


@pytest.mark.parametrize("name", WITHOUT)
def test_an_exception_is_needed(name: str) -> None:
    assert name in expected_files(), f"{name}: no such command; take it out of WITHOUT"
    assert not (PROJECT / "kitctl" / name).exists(), f"{name} exists: take it out of WITHOUT"


@pytest.mark.parametrize("stem", dict.fromkeys(MODULES.values()))
def test_a_command_has_its_own_tests(stem: str) -> None:
    name = f"tests/cli/test_{stem}.py"
    assert (PROJECT / name).is_file(), f"{name} is missing: the tests of a command stand there"


def test_the_readme_names_every_command() -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    expect_none(
        [
            f"README.md: the table of commands has no `{name}`"
            for name in MODULES
            if f"`{name}`" not in readme and f"`{name} " not in readme
        ]
    )


def test_operations_beside_the_commands_stand_in_a_room() -> None:
    wrong = [
        f"kitctl/operations/{path.name}: no command of that name; move it to a room"
        for path in python_files("kitctl/operations")
        if path.parent.name == "operations" and path.stem not in {*MODULES.values(), *BESIDES}
    ]
    expect_none(wrong)
