"""INTERIM stand-in (LOCAL) until CORE's runner lands."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class Run:
    def __init__(
        self, process: subprocess.Popen[str], threads: list[threading.Thread], working: Path
    ) -> None:
        self._process, self._threads = process, threads
        self.pid = process.pid
        self.identity = "interim"
        self.working = working
        self.isolation = ""

    def wait(self, timeout: float | None = None) -> int | None:
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        for thread in self._threads:
            thread.join(1)
        return code

    def stop(self, grace_seconds: float = 2.0) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def container_name(session_id: int) -> str:
    return f"kaggle_local-{session_id}-webtier"


def end_orphan(pid: int, identity: str) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return True


def start(
    root: Path,
    script: bytes,
    mounts: Mapping[str, Path],
    *,
    environment: Mapping[str, str],
    internet: bool,
    on_line: Callable[[str, str, float], None],
    name: str = "script.py",
) -> Run:
    for part in ("input", "working", "src"):
        (root / part).mkdir(parents=True, exist_ok=True)
    for place, folder in mounts.items():
        for there in (root / "input" / place, root / "input" / Path(place).name):
            there.parent.mkdir(parents=True, exist_ok=True)
            if not there.exists():
                there.symlink_to(folder, target_is_directory=True)
    (root / "src" / name).write_bytes(script)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(root / "src" / name)],
        cwd=root / "working",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            "KITCTL_REHEARSAL": "1",
            "KAGGLE_KERNEL_RUN_TYPE": "Batch",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def read(stream: str) -> None:
        for line in getattr(process, stream):
            on_line(stream, line, time.monotonic() - began)

    threads = [threading.Thread(target=read, args=(s,), daemon=True) for s in ("stdout", "stderr")]
    for thread in threads:
        thread.start()
    return Run(process, threads, root / "working")
