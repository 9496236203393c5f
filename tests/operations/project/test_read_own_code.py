"""What of a project's code is sent along, and what is said of files that are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.notebooks import PYTHON, notebook
from support.projects import write_files

from kitctl.operations.project.read_project import read_project

METADATA = """{"id": "ada/small-job", "title": "Small job", "code_file": "%s",
"language": "python", "kernel_type": "%s", "enable_internet": "false"}"""


def warnings(folder: Path, files: dict[str, str], code_file: str) -> tuple[str, ...]:
    kind = "notebook" if code_file.endswith(".ipynb") else "script"
    write_files(folder, {"kernel-metadata.json": METADATA % (code_file, kind), **files})
    project = read_project(folder)
    assert not project.problems
    return project.warnings


def test_a_file_that_is_read_beside_a_script_is_named_until_it_is_sent(tmp_path: Path) -> None:
    script = "from pathlib import Path\nprint((Path(__file__).parent / 'net.yaml').read_text())"
    script = f"{script}\nopen('kaggle.json')"  # Secrets are not to be sent.
    files = {"train.py": script, "net.yaml": "units: 6", "kaggle.json": "{}"}
    (warning,) = warnings(tmp_path, files, "train.py")
    assert 'write files = ["net.yaml"] in [tool.kitctl]' in warning
    setting = '[tool.kitctl]\nfiles = ["net.yaml"]\n'
    assert not warnings(tmp_path, {"pyproject.toml": setting}, "train.py")


def test_files_that_a_notebook_runs_in_a_shell_are_named(tmp_path: Path) -> None:
    text = notebook(
        "!python train.py --lr 1", "!python -m tools.clean", "print(1)", metadata=PYTHON
    )
    files = {"a.ipynb": text, "train.py": "", "tools/clean.py": ""}
    (warning,) = warnings(tmp_path, files, "a.ipynb")
    assert 'write files = ["train.py", "tools/clean.py"]' in warning


@pytest.mark.parametrize("script", ["from vendor.lib import x", "import lib.net as net"])
def test_a_submodule_that_is_not_checked_out_is_named_where_the_code_imports_it(
    tmp_path: Path, script: str
) -> None:
    modules = '[submodule "lib"]\n\tpath = vendor/lib\n[submodule "docs"]\n\tpath = theme\n'
    (tmp_path / "vendor/lib").mkdir(parents=True)
    (warning,) = warnings(tmp_path, {"train.py": script, ".gitmodules": modules}, "train.py")
    assert warning.startswith("vendor/lib is a git submodule that is not checked out here")
    assert not warnings(tmp_path, {"vendor/lib/__init__.py": ""}, "train.py")
