"""How a run is isolated from this machine: by Linux namespaces, or else by copies of its inputs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")
_NETWORK_ON = "network on, as the job asks"


@dataclass(frozen=True)
class Isolation:
    """How to start a run: the command's prefix, its folder, and a sentence for people.

    `kaggle` is the run's folder as the script sees it.
    """

    prefix: tuple[str, ...]
    kaggle: str
    cwd: str
    description: str


def isolate(root: Path, inputs: Mapping[str, Path], *, internet: bool) -> Isolation:
    """Return the best isolation that this machine allows.

    Args:
        root: the run's folder, with an empty folder under input/ for each input.
        inputs: path under input/ → local folder. Where there are no namespaces, they are copied.
        internet: whether the run may use the network.
    """
    return _namespaces(root, inputs, internet=internet) or _copies(root, inputs, internet=internet)


def _namespaces(root: Path, inputs: Mapping[str, Path], *, internet: bool) -> Isolation | None:
    """Return an isolation in which root is /kaggle; None if the machine allows no namespaces."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return None
    spec = {
        "root": str(root),
        "mounts": {path: str(folder.resolve()) for path, folder in inputs.items()},
        "cwd": "/kaggle/working",
        "loopback": not internet,
    }
    namespaces = _NAMESPACES if internet else (*_NAMESPACES, "--net")
    program = str(Path(__file__).with_name("namespaces.py"))
    prefix = (*namespaces, sys.executable, "-I", program, json.dumps(spec))
    probe = subprocess.run(
        [*prefix, "/bin/true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    if probe.returncode != 0:
        return None
    network = _NETWORK_ON if internet else "no network"
    return Isolation(prefix, "/kaggle", str(root), f"Isolated: {network}, inputs read-only.")


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
        str(root / "working"),
        f"Not isolated, because this machine allows no namespaces: {network}; inputs are copies.",
    )
