"""A run's own layer of packages: what it installs is found first, and goes with its folder."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

from kitctl.sandbox.interpreter import Interpreter

_PIP = {
    "posix": ("pip", '#!/bin/sh\nexec "$(dirname "$0")/python" -m pip "$@"\n'),
    "nt": ("pip.bat", '@"%~dp0python.exe" -m pip %*\n'),
}


def make_layer(folder: Path, kit: Path, python: Interpreter) -> None:
    """Make a virtual environment that also finds a Python's packages and the modules of `kit`.

    One that is there is left as it is: a script may have written to it.
    """
    if (folder / "pyvenv.cfg").exists():
        return
    if python.is_own:
        venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(folder)
    else:
        command = [str(python.executable), "-I", "-m", "venv", "--without-pip", str(folder)]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    packages = next(folder.glob("[lL]ib/**/site-packages"))
    lines = [
        os.path.relpath(kit, packages),
        *(f"import site; site.addsitedir({str(path)!r})" for path in python.site_folders),
    ]
    (packages / "kitctl.pth").write_text("\n".join(lines) + "\n", "utf-8")
    name, text = _PIP[os.name]
    for variant in (name, name.replace("pip", "pip3")):
        (programs(folder) / variant).write_text(text, "utf-8")
        (programs(folder) / variant).chmod(0o755)


def programs(folder: Path) -> Path:
    """Return the layer's folder of programs, which is to come first on the run's PATH."""
    return folder / ("Scripts" if os.name == "nt" else "bin")


def python(folder: Path) -> Path:
    """Return the layer's Python."""
    return programs(folder) / ("python.exe" if os.name == "nt" else "python")
