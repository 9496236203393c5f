"""The state folder's files by which other processes find its server: endpoint, token and pid."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from kitctl.local.state.folders import FOLDERS

# All that a reset deletes; the token and the locks stay.
CONTENTS = (*FOLDERS, "kaggle.sqlite", "kaggle.sqlite-wal", "kaggle.sqlite-shm", "server.log")


def read_token(folder: Path) -> str:
    return (folder / "token").read_text("utf-8").strip()


def ensure_token(folder: Path) -> str:
    """Return the folder's token; create it at the first start, readable by this user only."""
    try:
        descriptor = os.open(folder / "token", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_token(folder)
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{token}\n")
    return token


def read_endpoint(folder: Path) -> str:
    """Return the endpoint of the folder's last server, which may have ended."""
    return (folder / "endpoint").read_text("utf-8").strip()


def last_port(folder: Path) -> int:
    """Return the port of the folder's last server; 0 when there was none."""
    try:
        return int(read_endpoint(folder).rsplit(":", 1)[1])
    except (OSError, ValueError, IndexError):
        return 0


def read_pid(folder: Path) -> int:
    """Return the process id of the folder's last server, which may have ended."""
    return int((folder / "pid").read_text("utf-8"))


def record_server(folder: Path, endpoint: str) -> None:
    """Record this process as the folder's server."""
    (folder / "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    (folder / "endpoint").write_text(f"{endpoint}\n", encoding="utf-8")


def forget_server(folder: Path) -> None:
    """Remove the process id; the endpoint stays, for the next server's port."""
    (folder / "pid").unlink(missing_ok=True)


def log_file(folder: Path) -> Path:
    """Return the file with what a server in the background prints."""
    return folder / "server.log"
