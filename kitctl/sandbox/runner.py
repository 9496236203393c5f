"""A run of a script as Kaggle would run it: its folders, its environment, no network, one tree.

`start` lays out ROOT/src/script.py, ROOT/input (read-only, both of Kaggle's layouts), ROOT/working
(where the script runs and what it leaves) and ROOT/home. On Linux with user namespaces the script
sees these folders as /kaggle, has no network unless it asked for one, and cannot write to its
inputs. Elsewhere the inputs are copies, the network cannot be cut off, and `Run.isolation` says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from kitctl.errors import InvalidInput, NextCommand

OnLine = Callable[[str, str, float], None]
"""Called with "stdout" or "stderr", a line with its newline, and seconds since the start."""

GRACE_SECONDS = 3.0
LONGEST_LINE = 65_536

_HERE = Path(__file__).parent
_NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")


def container_name(session_id: int) -> str:
    """KAGGLE_CONTAINER_NAME, which holds the session's id."""
    return f"kaggle_local-{session_id}-webtier"


class Run:
    """A started run. Its process tree ends with this process, however that ends."""

    def __init__(
        self,
        keeper: subprocess.Popen[bytes],
        working: Path,
        isolation: str,
        on_line: OnLine,
    ) -> None:
        self.pid = keeper.pid
        self.working = working
        self.isolation = isolation
        self._keeper = keeper
        assert keeper.stdin is not None
        self._leash = keeper.stdin  # Never written to; its end is the keeper's cue.
        self._started = time.monotonic()
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream, on_line), daemon=True)
            for name, stream in (("stdout", keeper.stdout), ("stderr", keeper.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, after all lines were handed on; None while it still runs.

        A script that a signal ended has 128 + the signal's number, as in a shell.
        """
        try:
            code = self._keeper.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join()
        self._leash.close()
        return code

    def stop(self) -> None:
        """Asks the whole tree to end, kills it after a grace, and waits for that."""
        self._leash.close()
        try:
            self._keeper.wait(GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
        self.wait()

    def _read(self, name: str, stream: IO[bytes], on_line: OnLine) -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE):
                on_line(name, line.decode("utf-8", "replace"), time.monotonic() - self._started)


def start(
    root: Path,
    script: bytes,
    mounts: Mapping[str, Path],
    *,
    environment: Mapping[str, str],
    internet: bool,
    on_line: OnLine,
    name: str = "script.py",
) -> Run:
    """Starts a Python script in the empty or missing folder `root`.

    `mounts` says which local folder stands where under input/, in Kaggle's newer layout
    (`datasets/<owner>/<slug>`, `notebooks/<owner>/<slug>`, `competitions/<slug>`, `models/…`); the
    older one (`<slug>`) is added. `environment` is added to Kaggle's own variables; nothing else of
    this process's environment reaches the run.
    """
    if not name.endswith(".py"):
        raise InvalidInput(
            f"{name} cannot run here: this machine runs Python scripts only.",
            code="not_runnable",
            hint=(NextCommand("push"), " sends it to Kaggle, where it can run"),
        )
    root = root.resolve()
    _make_folders(root)
    (root / "src" / name).write_bytes(script)
    inputs = _both_layouts(mounts)
    for path in inputs:
        (root / "input" / path).mkdir(parents=True, exist_ok=True)
    place = _sandbox(root, inputs, internet=internet) or _plain(root, inputs, internet=internet)
    interpreter = [sys.executable, f"{place.kaggle}/src/{name}"]
    keeper = subprocess.Popen(
        [sys.executable, "-I", str(_HERE / "supervisor.py"), _keeper_spec(place, interpreter)],
        cwd=root,
        env=_environment(place.kaggle, environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    return Run(keeper, root / "working", place.isolation, on_line)


def isolation() -> str:
    """How runs are kept apart on this machine, tried out with an empty one."""
    with tempfile.TemporaryDirectory(prefix="kitctl-") as folder:
        root = Path(folder)
        _make_folders(root)
        place = _sandbox(root, {}, internet=False) or _plain(root, {}, internet=False)
        remove(root)
        return place.isolation


def remove(root: Path) -> None:
    """Removes the folder of a run that has ended, write-protected inputs included."""
    for folder in (path for path in (root / "input").rglob("*") if path.is_dir()):
        folder.chmod(0o755)
    if (root / "input").is_dir():
        (root / "input").chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)


def _make_folders(root: Path) -> None:
    for folder in ("src", "input", "working", "home", "stage"):
        (root / folder).mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class _Place:
    """Where a script runs: words before its command, Kaggle's folder as the script sees it."""

    prefix: tuple[str, ...]
    kaggle: str
    cwd: str
    isolation: str


def _sandbox(root: Path, inputs: Mapping[str, Path], *, internet: bool) -> _Place | None:
    """Namespaces in which root is /kaggle, if this machine lets us make them."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return None
    spec = {
        "root": str(root),
        "mounts": {path: str(folder.resolve()) for path, folder in inputs.items()},
        "cwd": "/kaggle/working",
        "loopback": not internet,
    }
    namespaces = _NAMESPACES if internet else (*_NAMESPACES, "--net")
    prefix = (*namespaces, sys.executable, "-I", str(_HERE / "namespaces.py"), json.dumps(spec))
    probe = subprocess.run(
        [*prefix, "/bin/true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    if probe.returncode != 0:
        return None
    network = "the network, as the job asks" if internet else "no network"
    return _Place(
        prefix, "/kaggle", str(root), f"In namespaces of its own: {network}, inputs read-only."
    )


def _plain(root: Path, inputs: Mapping[str, Path], *, internet: bool) -> _Place:
    """No namespaces: the inputs are copies, so that the script cannot touch the originals."""
    for path, folder in inputs.items():
        target = root / "input" / path
        shutil.copytree(folder, target, dirs_exist_ok=True)
    for copied in (root / "input").rglob("*"):
        copied.chmod(0o555 if copied.is_dir() else 0o444)
    (root / "input").chmod(0o555)
    network = (
        "the network, as the job asks" if internet else "the network, though the job asks for none"
    )
    return _Place(
        (),
        str(root),
        str(root / "working"),
        f"Without namespaces, which this machine does not allow: {network}; inputs are copies.",
    )


def _both_layouts(mounts: Mapping[str, Path]) -> dict[str, Path]:
    inputs = dict(mounts)
    for path, folder in mounts.items():
        kind, *rest = PurePosixPath(path).parts
        old = rest if kind == "competitions" else rest[1:]  # The older layout names no owner.
        inputs.setdefault("/".join(old), folder)
    return inputs


def _keeper_spec(place: _Place, command: list[str]) -> str:
    return json.dumps(
        {
            "command": [*place.prefix, *command],
            "cwd": place.cwd,
            "grace_seconds": GRACE_SECONDS,
        }
    )


def _environment(kaggle: str, added: Mapping[str, str]) -> dict[str, str]:
    """Kaggle's variables and what a program cannot do without; no credential of the user's."""
    needed = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {
        **{name: os.environ[name] for name in needed if name in os.environ},
        "HOME": f"{kaggle}/home",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "MPLBACKEND": "Agg",
        "KAGGLE_KERNEL_RUN_TYPE": "Batch",
        "KAGGLE_CONTAINER_NAME": container_name(1),
        "KAGGLE_DOCKER_IMAGE": "kitctl-local",
        "KAGGLE_URL_BASE": "https://www.kaggle.com",
        "KITCTL_REHEARSAL": "1",
        **added,
    }
