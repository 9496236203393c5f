"""The supervisor of one run: starts it, and ends its process tree on request or without its owner.

A program of its own (`python -IS supervisor.py SPEC`, standard library only), between kitctl and
the run. Its stdin is a pipe that kitctl holds open and never writes to: when kitctl closes it, or
ends in whatever way, the supervisor ends the run's whole process tree. The run writes to the
supervisor's own stdout and stderr.

SPEC is JSON: `command` (a list), `cwd`, `grace_seconds` (between SIGTERM and SIGKILL), and perhaps
`remove`, a file that is to go with the run.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ON_LINUX = sys.platform == "linux"


def main() -> int:
    """Run the command of SPEC and return its exit code, 128 + N where signal N ended it."""
    spec = json.loads(sys.argv[1])
    if ON_LINUX:
        # Orphaned descendants become children of the supervisor, which can then end them too.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    run = subprocess.Popen(
        spec["command"],
        cwd=spec["cwd"],
        stdin=subprocess.DEVNULL,
        process_group=0 if os.name == "posix" else None,
        preexec_fn=_end_with_supervisor if ON_LINUX else None,
    )
    threading.Thread(
        target=_end_without_owner, args=(run, spec["grace_seconds"]), daemon=True
    ).start()
    code = run.wait()
    _end_descendants(run)
    if spec.get("remove"):
        Path(spec["remove"]).unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


def _end_with_supervisor() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _end_without_owner(run: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    """Wait until stdin is closed, then end the run."""
    while os.read(0, 1):
        pass
    if os.name != "posix":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(run.pid)], capture_output=True)
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)


def _end_descendants(run: "subprocess.Popen[bytes]") -> None:
    """Kill what the run has left behind, generation by generation."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(run.pid, signal.SIGKILL)
    while children := _children():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.wait()


def _children() -> list[int]:
    if not ON_LINUX:
        return []
    listed = [
        path.read_text("ascii").split() for path in Path("/proc/self/task").glob("*/children")
    ]
    return [int(pid) for pids in listed for pid in pids]


if __name__ == "__main__":
    sys.exit(main())
