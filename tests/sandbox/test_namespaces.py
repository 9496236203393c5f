"""The first program in a run's namespaces, where this machine lets a user make them."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.local_kaggle import until
from support.processes import unique_seconds, with_argument

from kitctl.sandbox import isolation
from kitctl.sandbox.interpreter import own_interpreter
from kitctl.sandbox.visible import machine

PROGRAM = str(Path(isolation.__file__).with_name("namespaces.py"))
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--ipc", "--fork")


def namespaces_are_allowed() -> bool:
    try:
        return subprocess.run([*UNSHARE, "--net", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


pytestmark = pytest.mark.skipif(
    not namespaces_are_allowed(), reason="this machine allows no namespaces"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A run's folder."""
    for name in ("stage", "working"):
        (tmp_path / "run" / name).mkdir(parents=True)
    return tmp_path / "run"


def run(
    root: Path, code: str, *, mounts: dict[str, Path] | None = None, loopback: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Python code in namespaces of its own."""
    view = machine(root / "none", own_interpreter())
    view.mount(root / "working", "/kaggle/working", "rw")
    view.folders.append("/kaggle/input")
    for name, folder in (mounts or {}).items():
        view.mount(folder, f"/kaggle/input/{name}")
    view.seal("/kaggle/input")
    spec = {
        **dataclasses.asdict(view),
        "root": str(root / "stage"),
        "cwd": "/kaggle/working",
        "loopback": loopback,
    }
    program = [sys.executable, "-I", PROGRAM, json.dumps(spec)]
    return subprocess.run(
        [*UNSHARE, "--net", *program, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_runs_folder_is_kaggle_and_the_working_folder_can_be_written_to(root: Path) -> None:
    done = run(root, "import os; print(os.getcwd()); open('left.txt', 'w').write('left')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "/kaggle/working\n", "")
    assert (root / "working/left.txt").read_text("utf-8") == "left"


def test_inputs_can_be_read_and_not_written_to(root: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "1.txt").write_text("a car", encoding="utf-8")
    code = (
        "from pathlib import Path\n"
        "photos = Path('/kaggle/input/photos')\n"
        "print((photos / '1.txt').read_text())\n"
        "for change in (lambda: (photos / '1.txt').write_text('x'), (photos / 'new').mkdir,\n"
        "               Path('/kaggle/input/other').mkdir):\n"
        "    try:\n"
        "        change()\n"
        "    except OSError as error:\n"
        "        print(error.strerror)\n"
    )
    done = run(root, code, mounts={"photos": photos})
    assert done.stdout.splitlines() == ["a car", *["Read-only file system"] * 3]
    assert (photos / "1.txt").read_text("utf-8") == "a car"


@pytest.mark.parametrize("loopback", [True, False])
def test_the_only_network_device_is_the_loopback_one_if_asked_for(
    root: Path, loopback: bool
) -> None:
    code = (
        "import socket\n"
        "print(*(name for _, name in socket.if_nameindex()))\n"
        "with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    socket.create_connection(server.getsockname(), timeout=5).close()\n"
    )
    done = run(root, code, loopback=loopback)
    assert done.stdout == "lo\n"
    assert (done.returncode == 0) is loopback


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_exit_code_is_the_scripts_own(root: Path, code: str, exit_code: int) -> None:
    assert run(root, code).returncode == exit_code


def test_every_process_of_the_namespace_ends_with_the_script(root: Path) -> None:
    seconds = unique_seconds()
    code = f"import subprocess; subprocess.Popen(['setsid', 'sleep', '{seconds}'])"
    assert run(root, code).returncode == 0
    until(lambda: not with_argument(seconds))


def test_a_folder_that_is_not_there_ends_the_program_with_its_name(root: Path) -> None:
    done = run(root, "print('ran')", mounts={"photos": Path("/there/is/no/such/folder")})
    assert done.returncode != 0 and done.stdout == ""
    assert "photos" in done.stderr and os.strerror(2) in done.stderr
