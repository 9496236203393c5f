"""The data files that go along with a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import write_files

from kitctl.errors import Problem
from kitctl.operations.project.read_data_files import read_data_files


def read(folder: Path, *patterns: str) -> tuple[list[str], list[str]]:
    problems: list[Problem] = []
    files = read_data_files(folder, patterns, problems)
    return list(files), [str(problem) for problem in problems]


def test_patterns_name_files_folders_and_what_lies_below(tmp_path: Path) -> None:
    names = ("a.csv", "configs/a.yaml", "configs/deep/b.yaml", "configs/.hidden/c.yaml")
    write_files(tmp_path, dict.fromkeys(names, "x"))
    assert read(tmp_path, "configs/*.yaml") == (["configs/a.yaml"], [])
    assert read(tmp_path, "**/*.yaml") == (["configs/a.yaml", "configs/deep/b.yaml"], [])
    assert read(tmp_path, "configs", "a.csv") == (
        ["a.csv", "configs/a.yaml", "configs/deep/b.yaml"],
        [],
    )


def test_wildcards_leave_out_what_other_commands_have_written(tmp_path: Path) -> None:
    names = ("kernel-metadata.json", "package/kernel-metadata.json", "results/x/v1/metrics.json")
    write_files(tmp_path, dict.fromkeys(names, "{}"))
    assert read(tmp_path, "**/*.json") == (["kernel-metadata.json"], [])


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("absent.csv", "which is no file"),
        ("../outside.txt", "Name files in the project"),
        ("/etc/passwd", "Name files in the project"),
        ("linked.txt", "leads out of the project"),
        ("kaggle.json", "holds Kaggle's credentials"),
        (".env", "holds environment variables"),
        ("token.txt", "holds a Kaggle access token"),
        ("line*", "cannot be printed"),
    ],
)
def test_what_must_not_or_cannot_go_along_is_named(
    tmp_path: Path, pattern: str, message: str
) -> None:
    project = tmp_path / "project"
    write_files(tmp_path, {"outside.txt": "x"})
    names = ("kaggle.json", ".env", "line\nbreak.txt")
    write_files(project, {**dict.fromkeys(names, "x"), "token.txt": f"KGAT_{'a' * 32}"})
    (project / "linked.txt").symlink_to(tmp_path / "outside.txt")
    _, problems = read(project, pattern)
    assert len(problems) == 1 and message in problems[0]
