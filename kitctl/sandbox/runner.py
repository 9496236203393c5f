"""Run a Python script or notebook on this machine as Kaggle would run it.

`start` is the port Runner. It makes these folders in ROOT: `src` with the script, `input`
(read-only, in both of Kaggle's layouts), `working` (the working directory, where outputs are left),
`home`, `packages` (a layer for what the script installs) and `kit` (kitctl's own part of the run).

On Linux with user namespaces the script sees src, input and working in /kaggle, has no network
unless it asks for one, and sees nothing else of the user's. Elsewhere the inputs are copies, and
the network and the user's files are there; `SandboxRun.isolation` says which it is.
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
from pathlib import Path, PurePosixPath
from typing import IO

from kitctl.errors import InvalidInput, NextCommand
from kitctl.sandbox import layer, secrets
from kitctl.sandbox.interpreter import Interpreter, find_interpreter, own_interpreter
from kitctl.sandbox.isolation import Isolation, isolate, reset_stage
from kitctl.sandbox.outputs import remove_unsafe
from kitctl.sandbox.pip_settings import pip_variables

OnLine = Callable[[str, str, float], None]
"""Called with "stdout" or "stderr", a line with its line break, and seconds since the start."""

GRACE_SECONDS = 3.0
LONGEST_LINE_BYTES = 65_536
_FOLDERS = ("src", "input", "working", "home", "packages", "kit", "stage")
NOTEBOOK_PACKAGES = ("nbclient", "nbconvert", "ipykernel")
_INSIDE = Path(__file__).with_name("inside")


def container_name(session_id: int) -> str:
    """Return the value of KAGGLE_CONTAINER_NAME, which contains the session's id."""
    return f"kaggle_local-{session_id}-webtier"


class SandboxRun:
    """A started run. Its process tree ends with this process, however that ends."""

    def __init__(
        self,
        supervisor: subprocess.Popen[bytes],
        working: Path,
        isolation: str,
        on_line: OnLine,
        hide: Callable[[str], str],
    ) -> None:
        self.working = working
        self.isolation = isolation
        self.error = ""
        """What the run itself names as its error, in one line (after `error: ` on stderr)."""
        self._hide = hide
        self._supervisor = supervisor
        assert supervisor.stdin is not None
        # Nothing is written to it: the supervisor ends the run when it is closed.
        self._lifeline = supervisor.stdin
        self._started = time.monotonic()
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream, on_line), daemon=True)
            for name, stream in (("stdout", supervisor.stdout), ("stderr", supervisor.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code after the last line was passed on; None if it still runs.

        A script that a signal ended has 128 + the signal's number, as in a shell.
        """
        try:
            code = self._supervisor.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join()
        self._lifeline.close()
        remove_unsafe(self.working)
        return code

    def stop(self) -> None:
        """Ask the process tree to end, kill it after `GRACE_SECONDS`, and wait for its end."""
        self._lifeline.close()
        try:
            self._supervisor.wait(GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
        self.wait()

    def _read(self, name: str, stream: IO[bytes], on_line: OnLine) -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE_BYTES):
                text = self._hide(line.decode("utf-8", "replace"))
                if name == "stderr" and text.startswith("error: "):
                    self.error = text.removeprefix("error: ").strip()
                on_line(name, text, time.monotonic() - self._started)


def start(
    root: Path,
    script: bytes,
    mounts: Mapping[str, Path],
    *,
    environment: Mapping[str, str],
    internet: bool,
    on_line: OnLine,
    on_isolation: Callable[[str], None] = lambda sentence: None,
    secret_values: Mapping[str, str] | None = None,
    name: str = "script.py",
    python: Path | None = None,
) -> SandboxRun:
    """Start a Python script or notebook.

    Args:
        root: the run's folder, empty or missing.
        script: the script's content.
        mounts: path under input/ → local folder, in Kaggle's newer layout
            (`datasets/<owner>/<slug>`, `notebooks/<owner>/<slug>`, `competitions/<slug>`,
            `models/…`); the older layout (`<slug>`) is added.
        environment: variables in addition to Kaggle's own. Nothing else of this process's
            environment reaches the script.
        internet: whether the script may use the network.
        on_line: receives each line that the script prints, from other threads.
        on_isolation: receives the sentence on the run's isolation, before the run starts.
        secret_values: KITCTL_SECRET_<LABEL> → value, for the stand-in of kaggle_secrets; None:
            those of this process's environment.
        name: the script's file name.
        python: the program of another Python, or the folder of its virtual environment; None is
            the Python that runs kitctl.

    Raises:
        InvalidInput: it is neither a Python script nor a notebook, or a notebook cannot be run
            because packages are missing.
    """
    if not name.endswith((".py", ".ipynb")):
        raise InvalidInput(
            f"{name} cannot run here: this machine runs Python scripts and notebooks only.",
            code="not_runnable",
            hint=(NextCommand("push"), " sends it to Kaggle, where it can run"),
        )
    needed = NOTEBOOK_PACKAGES if name.endswith(".ipynb") else ()
    interpreter = find_interpreter(python, needed) if python else own_interpreter(needed)
    _require_packages(interpreter)
    root = root.resolve()
    hidden = secrets.from_environment() if secret_values is None else secret_values
    secret_file = _make_folders(root, hidden, interpreter)
    (root / "src" / name).write_bytes(script)
    inputs = _both_layouts(mounts)
    for path in inputs:
        (root / "input" / path).mkdir(parents=True, exist_ok=True)
    isolation = isolate(root, inputs, interpreter, internet=internet)
    on_isolation(isolation.description)
    supervisor = subprocess.Popen(
        _supervisor_command(isolation, name, secret_file),
        cwd=root,
        env=_environment(
            isolation, interpreter, {**(pip_variables() if internet else {}), **environment}
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    return SandboxRun(
        supervisor,
        root / "working",
        isolation.description,
        on_line,
        secrets.hiding(hidden),
    )


def missing_notebook_packages() -> list[str]:
    """Return the packages that notebooks need and that are not installed."""
    return list(own_interpreter(NOTEBOOK_PACKAGES).missing)


def _require_packages(python: Interpreter) -> None:
    if not python.missing:
        return
    names = " ".join(python.missing)
    where, hint = "here", f"pip install {names}   (or: pip install 'kaggle-kitctl[notebook]')"
    if not python.is_own:
        where, hint = f"by {python.executable}", f"{python.executable} -m pip install {names}"
    raise InvalidInput(
        f"Notebooks cannot run {where} without {', '.join(python.missing)}.",
        code="notebook_packages",
        hint=hint,
    )


def isolation() -> str:
    """Return how runs are isolated on this machine, in one sentence; an empty run is tried."""
    with tempfile.TemporaryDirectory(prefix="kitctl-") as folder:
        root = Path(folder)
        python = own_interpreter()
        _make_folders(root, {}, python)
        description = isolate(root, {}, python, internet=False).description
        remove(root)
        return description


def remove(root: Path) -> None:
    """Remove the folder of a run that has ended."""
    remove_inputs(root)
    shutil.rmtree(root, ignore_errors=True)


def remove_inputs(root: Path) -> None:
    """Remove of a run that has ended what is not an output; its inputs may be protected copies."""
    for name in ("stage", "stage-empty", "home", "packages", "kit"):
        shutil.rmtree(root / name, ignore_errors=True)
    inputs = root / "input"
    if inputs.is_dir():
        for folder in (inputs, *inputs.rglob("*/")):
            folder.chmod(0o700)
        shutil.rmtree(inputs, ignore_errors=True)


def _make_folders(root: Path, secret_values: Mapping[str, str], python: Interpreter) -> Path:
    """Make the folders of a run; return the file of its secrets, which is to go with the run."""
    shutil.rmtree(root / "kit", ignore_errors=True)
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    reset_stage(root)
    for module in _INSIDE.glob("*.py"):
        shutil.copyfile(module, root / "kit" / module.name)
    layer.make_layer(root / "packages", root / "kit", python)
    return secrets.write(root / "kit", secret_values)


def _both_layouts(mounts: Mapping[str, Path]) -> dict[str, Path]:
    """Add the mounts of Kaggle's older layout, which names no owner."""
    inputs = dict(mounts)
    for path, folder in mounts.items():
        kind, *rest = PurePosixPath(path).parts
        old = rest if kind == "competitions" else rest[1:]
        inputs.setdefault("/".join(old), folder)
    return inputs


def _supervisor_command(isolation: Isolation, name: str, secret_file: Path) -> list[str]:
    own = Path(isolation.own)
    script = f"{isolation.kaggle}/src/{name}"
    notebook = [str(own / "kit" / "run_notebook.py")] if name.endswith(".ipynb") else []
    spec = {
        "command": [*isolation.prefix, str(layer.python(own / "packages")), *notebook, script],
        "cwd": isolation.cwd,
        "grace_seconds": GRACE_SECONDS,
        "remove": str(secret_file),
    }
    program = str(Path(__file__).with_name("supervisor.py"))
    return [sys.executable, "-IS", program, json.dumps(spec)]


def _environment(
    isolation: Isolation, python: Interpreter, added: Mapping[str, str]
) -> dict[str, str]:
    """Return Kaggle's variables and what every program needs; no credential of the user's."""
    own = Path(isolation.own)
    programs = [layer.programs(own / "packages"), python.executable.parent]
    path = os.pathsep.join([*map(str, programs), os.environ.get("PATH", os.defpath)])
    needed = ("SYSTEMROOT", "LD_LIBRARY_PATH")
    return {
        **{name: os.environ[name] for name in needed if name in os.environ},
        "PATH": path,
        "HOME": str(own / "home"),
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
        # Where it is not isolated, its code is removed with its folder, however it ends.
        **({} if isolation.prefix else {"KITCTL_CODE_PARENT": str(own / "home")}),
        **added,
    }
