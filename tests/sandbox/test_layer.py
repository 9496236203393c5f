"""What a run installs goes with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.sandbox_runs import run
from support.wheels import write_wheel

from kitctl.sandbox import runner


@pytest.fixture(params=["best", "plain"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The best kind of run that this machine allows, and one without namespaces."""
    if request.param == "plain":
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    return str(request.param)


@pytest.mark.parametrize("program", ["pip", "pip3", "python -m pip"])
def test_an_installed_package_can_be_imported_and_is_thrown_away(
    tmp_path: Path, kind: str, program: str
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "thrown-away", "1.0", {"thrown_away.py": b"PLACE = __file__\n"})
    code, printed, _ = run(
        tmp_path / "run",
        f"""
        import subprocess
        wheel = "../input/wheels/thrown_away-1.0-py3-none-any.whl"
        command = "{program} install --quiet --no-index --no-deps " + wheel
        subprocess.run(command, shell=True, check=True)
        import thrown_away
        print(thrown_away.PLACE)
        subprocess.run(["python", "-c", "import thrown_away"], check=True)
        """,
        {"datasets/ada/wheels": wheels},
    )
    assert code == 0, printed.text("stderr")
    assert "thrown_away" in printed.text()
    assert not [path for path in map(Path, sys.path) if (path / "thrown_away.py").exists()]
    runner.remove(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_this_pythons_packages_are_found_and_count_as_installed(tmp_path: Path, kind: str) -> None:
    code, printed, _ = run(
        tmp_path / "run",
        """
        import subprocess, numpy
        subprocess.run("pip install numpy", shell=True, check=True)
        """,
    )
    assert code == 0, printed.text("stderr")
    assert "Requirement already satisfied: numpy" in printed.text()
