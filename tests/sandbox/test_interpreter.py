"""A run by another Python has that one's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.sandbox_runs import run

from kitctl.errors import InvalidInput
from kitctl.sandbox.interpreter import find_interpreter


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with a package that kitctl's own does not have."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("[lL]ib/**/site-packages"))
    (packages / "only_there.py").write_text("PLACE = __file__\n")
    return folder


@pytest.mark.parametrize("kind", ["program", "folder"])
def test_a_script_runs_by_the_python_that_is_named(
    tmp_path: Path, environment: Path, kind: str
) -> None:
    python = environment / "bin/python" if kind == "program" else environment
    script = """
        import importlib.util, subprocess, only_there
        print(only_there.PLACE, importlib.util.find_spec("numpy"))
        subprocess.run(["python", "-c", "import only_there"], check=True)
    """
    code, printed, _ = run(tmp_path / "run", script, python=python)
    assert code == 0, printed.text("stderr")
    assert printed.text() == f"{next(environment.glob('[lL]ib/**/only_there.py'))} None\n"


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    for program in (tmp_path / "absent", Path("/bin/true"), tmp_path):
        with pytest.raises(InvalidInput, match="does not run as a Python"):
            find_interpreter(program)


def test_a_notebook_needs_packages_of_that_python(tmp_path: Path, environment: Path) -> None:
    with pytest.raises(InvalidInput, match="without nbclient, nbconvert, ipykernel"):
        run(tmp_path / "run", "{}", python=environment, name="notebook.ipynb")
