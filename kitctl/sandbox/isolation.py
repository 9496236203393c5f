"""How a run is isolated from this machine: by Linux namespaces, or else by copies of its inputs."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kitctl.sandbox import visible
from kitctl.sandbox.interpreter import Interpreter, own_interpreter
from kitctl.sandbox.pip_settings import pip_folders, pip_variables

_NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "--mount", "--pid", "--ipc", "--fork"),
    "--kill-child",
)
_NETWORK_ON = "network on, as the job asks"
_OWN_FOLDER = "/kitctl"
"""Where a run has what is kitctl's, not Kaggle's: home, packages and kit."""

WRITABLE = ("working", "home", "packages")
"""The folders of a run that it writes to; `src` and `kit` are read-only."""


@dataclass(frozen=True)
class Isolation:
    """How to start a run: the command's prefix, its folder, and a sentence for people.

    `kaggle` is the folder of src/, input/ and working/ as the script sees it, `own` that of home/,
    packages/ and kit/.
    """

    prefix: tuple[str, ...]
    kaggle: str
    own: str
    cwd: str
    description: str


def isolate(
    root: Path,
    inputs: Mapping[str, Path],
    python: Interpreter | None = None,
    *,
    internet: bool,
) -> Isolation:
    """Return the best isolation that this machine allows.

    Args:
        root: the run's folder with its folders src, working, home, packages, kit and, both empty,
            stage and input.
        inputs: path under input/ → local folder. Where there are no namespaces, they are copied.
        python: the Python that runs the script; None is the one that runs kitctl.
        internet: whether the run may use the network.
    """
    return _namespaces(root, inputs, python or own_interpreter(), internet=internet) or _copies(
        root, inputs, internet=internet
    )


def _namespaces(
    root: Path, inputs: Mapping[str, Path], python: Interpreter, *, internet: bool
) -> Isolation | None:
    """Return an isolation in namespaces of its own; None if the machine allows none."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return None
    spec = {
        **dataclasses.asdict(_view(root, inputs, python, internet=internet)),
        "root": str(root / "stage"),
        "cwd": "/kaggle/working",
        "loopback": not internet,
    }
    namespaces = _NAMESPACES if internet else (*_NAMESPACES, "--net")
    program = str(Path(__file__).with_name("namespaces.py"))
    prefix = (*namespaces, sys.executable, "-IS", program, json.dumps(spec))
    if not _works(prefix, root):
        return None
    network = _NETWORK_ON if internet else "no network"
    return Isolation(
        prefix,
        "/kaggle",
        _OWN_FOLDER,
        str(root),
        f"Isolated: {network}, inputs read-only, your own files hidden.",
    )


def _view(
    root: Path, inputs: Mapping[str, Path], python: Interpreter, *, internet: bool
) -> visible.View:
    """Return the file system of a run in namespaces."""
    empty = root / "stage-empty"
    empty.mkdir(exist_ok=True)
    view = visible.machine(empty, python)
    for name in ("src", "working"):
        view.mount(root / name, f"/kaggle/{name}", "rw" if name in WRITABLE else "ro")
    for name in ("home", "packages", "kit"):
        view.mount(root / name, f"{_OWN_FOLDER}/{name}", "rw" if name in WRITABLE else "ro")
    view.folders.append("/kaggle/input")
    for path, folder in inputs.items():
        visible.mount_input(view, folder, f"/kaggle/input/{path}", empty)
    view.seal("/kaggle/input")
    if internet:
        for folder in pip_folders(pip_variables()):
            if not view.shows(folder):
                view.mount(folder, folder)
    return view


@functools.cache
def _works(prefix: tuple[str, ...], root: Path) -> bool:
    """Try the namespaces; a second start of the same run need not try them again."""
    probe = subprocess.run(
        [*prefix, "/bin/true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    reset_stage(root)
    return probe.returncode == 0


def reset_stage(root: Path) -> None:
    """Empty the folder in which a run's file system is built."""
    shutil.rmtree(root / "stage", ignore_errors=True)
    (root / "stage").mkdir()


def _copies(root: Path, inputs: Mapping[str, Path], *, internet: bool) -> Isolation:
    """Copy the inputs, so that the script cannot change the originals."""
    for path, folder in inputs.items():
        shutil.copytree(folder, root / "input" / path, dirs_exist_ok=True)
    for copied in (root / "input").rglob("*"):
        copied.chmod(0o555 if copied.is_dir() else 0o444)
    (root / "input").chmod(0o555)
    network = _NETWORK_ON if internet else "network on, though the job asks for none"
    return Isolation(
        (),
        str(root),
        str(root),
        str(root / "working"),
        "Not isolated, because this machine allows no namespaces: the script can read and change "
        f"your own files; {network}; inputs are copies.",
    )
