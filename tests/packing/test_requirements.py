"""The packages that a project asks for, in the places where people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import write_files

from kitctl.packing.requirements import Requirements, find_requirements

BLOCK = """# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "lightgbm>=4",
# ]
# ///
print(1)
"""


def find(folder: Path, code: str = "", setting: str | list[str] | None = None) -> Requirements:
    return find_requirements(folder, setting, folder / "train.py", code)


def test_a_requirements_file_is_read_as_pip_reads_it(tmp_path: Path) -> None:
    text = """
        # a comment
        numpy>=1.26 , <3   # and another
        -r more/base.txt
        --extra-index-url https://example.org/simple
        -e .
        lightgbm==4.5 \\
            --hash=sha256:abc
        uvloop; sys_platform != "win32"
        tool @ https://example.org/tool.whl
        git+https://github.com/me/it.git@v1
    """
    write_files(
        tmp_path, {"requirements.txt": text, "more/base.txt": "tqdm\n-r ../requirements.txt"}
    )
    found = find(tmp_path)
    assert found.texts == [
        "numpy<3,>=1.26",
        "tqdm",
        "lightgbm==4.5",
        'uvloop; sys_platform != "win32"',
        "tool @ https://example.org/tool.whl",
        "git+https://github.com/me/it.git@v1",
    ]
    assert found.source == "requirements.txt" and not found.problems
    (warning,) = found.warnings
    assert "--extra-index-url, -e is left out" in warning


def test_a_file_that_powershell_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==2.0\r\n", "utf-16")
    assert find(tmp_path).texts == ["numpy==2.0"]


def test_the_scripts_own_block_comes_first_then_the_file_then_the_project(tmp_path: Path) -> None:
    write_files(tmp_path, {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["a", "b>1"]'})
    assert find(tmp_path).texts == ["a", "b>1"]
    write_files(tmp_path, {"requirements.txt": "c"})
    assert find(tmp_path).texts == ["c"]
    assert find(tmp_path, BLOCK).texts == ["lightgbm>=4"]
    assert find(tmp_path, BLOCK, "requirements.txt").texts == ["c"]
    assert find(tmp_path, BLOCK, "pyproject.toml").texts == ["a", "b>1"]
    assert find(tmp_path, BLOCK, ["d==1"]).texts == ["d==1"]
    assert find(tmp_path, BLOCK, "").texts == [] == find(tmp_path, BLOCK, []).texts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("numpy=1.0", "is no requirement"),
        ("https://me:word@example.org/a.whl", "holds an address with a name or a password"),
        ("a @ https://token@example.org/a.whl", "holds an address with a name or a password"),
        ("-r absent.txt", "is not there"),
        ("-r ../outside.txt", "is not there"),
    ],
)
def test_what_cannot_be_installed_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    write_files(tmp_path, {"outside.txt": "x", "project/requirements.txt": f"tqdm\n{text}\n"})
    (problem,) = find(tmp_path / "project").problems
    assert message in problem.message
    assert "word" not in str(problem).replace("password", "") and "token" not in str(problem)


def test_what_is_for_another_system_is_left_out(tmp_path: Path) -> None:
    lines = [
        *("pywin32; sys_platform == 'win32'", "a; platform_system == 'Linux'"),
        *("tomli; python_version < '3.11'", "b; python_version >= '3.13'", "c; extra == 'dev'"),
    ]
    write_files(tmp_path, {"requirements.txt": "\n".join(lines)})
    found = find(tmp_path)
    assert [text.partition(";")[0] for text in found.texts] == ["a", "b"]
    assert not found.problems
