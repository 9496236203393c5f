"""Start, find, stop and reset the local Kaggle of a state folder, from other processes.

A process id file never decides whether it runs: a server holds its folder's lock as long as it
lives, and answers at the folder's endpoint to the folder's token.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.errors import InvalidInput, NetworkFailed, NextCommand, Refused
from kitctl.local import locks, state_folder

START_SECONDS = 30.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class LocalKaggle:
    """A local Kaggle that answers."""

    endpoint: str
    pid: int
    state: Path
    account: str

    @property
    def token(self) -> str:
        return state_folder.read_token(self.state)


def address(folder: Path) -> tuple[str, str] | None:
    """Return endpoint and token of the folder's local Kaggle, if a process serves the folder.

    No request is sent: a server that is just starting may answer only a moment later.
    """
    try:
        last_served = state_folder.read_endpoint(folder), state_folder.read_token(folder)
    except OSError:
        return None
    return last_served if locks.is_served(folder) else None


def find(folder: Path) -> LocalKaggle | None:
    """Return the folder's local Kaggle, if it answers."""
    served = address(folder)
    if served is None:  # Its last port may be another program's now: no token is sent there.
        return None
    endpoint, token = served
    try:
        health = _post(endpoint, token, "health", {})
    except (OSError, ValueError):
        return None
    return LocalKaggle(endpoint, health["pid"], folder, health["account"])


def start(folder: Path, port: int = 0, timeout_seconds: float = START_SECONDS) -> LocalKaggle:
    """Start a local Kaggle that outlives this process, or find the one that serves the folder.

    Returns when it answers. Two calls at once lead to one server.

    Raises:
        NetworkFailed: it did not start in time; the message ends with its last line of output.
        Refused: another process is still starting one after the timeout.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locks.start_lock(folder, timeout_seconds):
        return find(folder) or _start(folder, port, timeout_seconds)


def _start(folder: Path, port: int, timeout_seconds: float) -> LocalKaggle:
    process = _spawn(folder, port)
    end = time.monotonic() + timeout_seconds
    while process.poll() is None and time.monotonic() < end:
        if running := find(folder):
            # It outlives this process. If it ends earlier, this thread collects its exit status.
            threading.Thread(target=process.wait, daemon=True).start()
            return running
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    output = state_folder.log_file(folder).read_text("utf-8").strip().splitlines()
    raise NetworkFailed(
        f"The local Kaggle did not start: {output[-1] if output else 'it printed nothing'}",
        code="local_kaggle_failed",
        hint=NextCommand("local serve", f"--state {shlex.quote(str(folder))}"),
    )


def stop(folder: Path) -> bool:
    """Stop the folder's local Kaggle and its runs; return False when there was none.

    Raises:
        Refused: it did not end.
    """
    folder = folder.absolute()
    if not locks.is_served(folder):
        return False
    with contextlib.suppress(OSError, ValueError):
        if running := find(folder):
            _post(running.endpoint, running.token, "shutdown", {})
        else:
            # It serves the folder but does not answer.
            os.kill(state_folder.read_pid(folder), signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while locks.is_served(folder):
        if time.monotonic() > end:
            raise Refused(
                f"The local Kaggle in {folder} does not end.",
                code="does_not_stop",
                hint=f"End its process {state_folder.read_pid(folder)} yourself.",
            )
        time.sleep(POLL_SECONDS)
    return True


def reset(folder: Path) -> None:
    """Delete all kernels, runs, data sets and the quota. A running local Kaggle goes on, empty.

    Raises:
        InvalidInput: the folder is none of a local Kaggle's.
        Refused: a process serves the folder and does not answer.
    """
    folder = folder.absolute()
    if running := find(folder):
        _post(running.endpoint, running.token, "reset", {})
        return
    if not folder.is_dir():
        return
    if not (folder / "token").is_file():
        raise InvalidInput(
            f"{folder} was never a local Kaggle's; nothing of it was removed.",
            code="no_local_kaggle",
            hint=NextCommand("local status", note="says where yours is"),
        )
    with locks.server_lock(folder):
        for path in (folder / name for name in state_folder.CONTENTS):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def sign_in_link(running: LocalKaggle) -> str:
    """Return an address that signs in the first browser that opens it, within two minutes."""
    url: str = _post(running.endpoint, running.token, "sign-in-link", {})["url"]
    return url


def register_sources(running: LocalKaggle, sources: Mapping[str, Path]) -> None:
    """Let folders stand for Kaggle's data sets: `owner/slug` → folder."""
    folders = {reference: str(folder.absolute()) for reference, folder in sources.items()}
    _post(running.endpoint, running.token, "sources", {"sources": folders})


def register_secrets(running: LocalKaggle, values: Mapping[str, str]) -> None:
    """Give the runs to come these secrets: KITCTL_SECRET_<LABEL> → value; it keeps no file."""
    _post(running.endpoint, running.token, "secrets", {"secrets": dict(values)})


def _spawn(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kitctl.local", str(folder), str(port)]
    # Detached from this terminal: Ctrl-C and a closed window do not reach it.
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        detached = {"creationflags": flags}
    with state_folder.log_file(folder).open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **detached
        )


def _post(endpoint: str, token: str, method: str, body: Mapping[str, Any]) -> Any:
    # Loaded here: most commands talk to the API only.
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        f"{endpoint}/_local/{method}",
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
            answer = json.loads(text)
            message = answer.get("error", answer)["message"]
            raise InvalidInput(message, code="local_kaggle_refused") from None
        raise
