"""Starting, finding, stopping and wiping the local Kaggle of a state folder, from other processes.

Whether it runs is never told by a pid file: a server holds its folder's lock as long as it lives,
and answers at the folder's endpoint to the folder's token.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.errors import KitError, NetworkFailed, NextCommand
from kitctl.local import locks

START_SECONDS = 30.0
STOP_SECONDS = 20.0
LOOK_SECONDS = 0.05
# All that reset may remove; the token and the lock stay.
CONTENTS = (
    "kaggle.sqlite",
    "kaggle.sqlite-wal",
    "kaggle.sqlite-shm",
    "sessions",
    "blobs",
    "datasets",
    "server.log",
)


@dataclass(frozen=True)
class LocalKaggle:
    """A local Kaggle that answers."""

    endpoint: str
    pid: int
    state: Path
    account: str

    @property
    def token(self) -> str:
        return read_token(self.state)


def read_token(folder: Path) -> str:
    return (folder / "token").read_text("utf-8").strip()


def address(folder: Path) -> tuple[str, str] | None:
    """Endpoint and token of the local Kaggle that serves this folder, if one does; it is not asked.

    One that is only starting may answer a moment later.
    """
    try:
        found = _last_served(folder)
    except OSError:
        return None
    return found if locks.is_served(folder) else None


def find(folder: Path) -> LocalKaggle | None:
    """The local Kaggle that serves this folder now, if one does."""
    try:
        endpoint, token = _last_served(folder)
        health = _post(endpoint, token, "health", {})
    except (OSError, ValueError):
        return None
    return LocalKaggle(endpoint, health["pid"], folder, health["account"])


def start(folder: Path, port: int = 0) -> LocalKaggle:
    """Start a local Kaggle that outlives this process, or find the one that serves the folder.

    Returns when it answers. Two calls at once lead to one server.

    Raises:
        NetworkFailed: it did not come up; its own words are in the message.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locks.starting(folder, START_SECONDS):
        return find(folder) or _start(folder, port)


def _start(folder: Path, port: int) -> LocalKaggle:
    process = _spawn(folder, port)
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if running := find(folder):
            # It outlives this process on purpose, of which Popen would warn.
            process.returncode = 0
            return running
        time.sleep(LOOK_SECONDS)
    process.kill()
    process.wait()
    words = (folder / "server.log").read_text("utf-8").strip().splitlines()
    raise NetworkFailed(
        f"The local Kaggle did not start: {words[-1] if words else 'it said nothing'}",
        code="local_kaggle_failed",
        hint=NextCommand("local serve", f"--state {folder}"),
    )


def stop(folder: Path) -> bool:
    """End the folder's local Kaggle and the runs in it; False when there was none.

    Raises:
        KitError: it would not end.
    """
    folder = folder.absolute()
    if not locks.is_served(folder):
        return False
    if running := find(folder):
        with contextlib.suppress(OSError, ValueError):
            _post(running.endpoint, running.token, "shutdown", {})
    else:
        # It holds the folder but does not answer.
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((folder / "pid").read_text("utf-8")), signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while locks.is_served(folder):
        if time.monotonic() > end:
            raise KitError(f"The local Kaggle in {folder} does not end.", code="does_not_stop")
        time.sleep(LOOK_SECONDS)
    return True


def reset(folder: Path) -> None:
    """Forget everything: kernels, runs, data sets, the quota. A running one goes on, empty."""
    folder = folder.absolute()
    if running := find(folder):
        _post(running.endpoint, running.token, "reset", {})
        return
    if not folder.is_dir():
        return
    with locks.serving(folder):
        for path in (folder / name for name in CONTENTS):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def register_sources(running: LocalKaggle, sources: Mapping[str, Path]) -> None:
    """Let folders stand for Kaggle's data sets: `owner/slug` → folder."""
    folders = {reference: str(folder.absolute()) for reference, folder in sources.items()}
    _post(running.endpoint, running.token, "sources", {"sources": folders})


def _spawn(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kitctl.local", str(folder), str(port)]
    # Apart from this terminal: Ctrl-C and a closed window do not reach it.
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **apart
        )


def _last_served(folder: Path) -> tuple[str, str]:
    """Endpoint and token of the folder's last server, which may have ended."""
    return (folder / "endpoint").read_text("utf-8").strip(), read_token(folder)


def _post(endpoint: str, token: str, what: str, body: Mapping[str, Any]) -> Any:
    # Most commands talk to the API only, and need not wait for these to load.
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        f"{endpoint}/_local/{what}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    # Never through a proxy: the token is for this machine only.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode("utf-8", "replace")
        if error.code == 400:
            raise KitError(json.loads(text)["message"], code="local_kaggle_refused") from None
        raise
