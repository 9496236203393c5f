"""The git commit that a job's files come from, and whether they differ from it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from kitctl.domain.runs.run import GitState

GIT_SECONDS = 5.0
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# A repository's own settings can name programs that git then starts.
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


def read_git_state(project: Path, files: Sequence[str]) -> GitState | None:
    """Return the commit that is checked out, and whether one of the files differs from it.

    `files` are named from the project's folder; one that git does not track differs. Without git
    the commit is read from its files, and `dirty` is None. Returns None outside a repository.
    """
    folder = _repository(project)
    commit = _commit(folder) if folder else ""
    if folder is None or not commit:
        return None
    git = shutil.which("git")
    return GitState(commit, _is_dirty(git, project, files, commit) if git else None)


def _repository(project: Path) -> Path | None:
    """Return the .git folder of the repository around the project."""
    for folder in (project.resolve(), *project.resolve().parents):
        path = folder / ".git"
        if path.is_dir():
            return path
        if path.is_file():  # A worktree or a submodule.
            text = _read(path)
            return Path(folder, text.removeprefix("gitdir:").strip()) if text else None
    return None


def _commit(folder: Path) -> str:
    """Return the commit of HEAD; "" where there is none yet."""
    head = _read(folder / "HEAD").strip()
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else ""
    name = head.removeprefix("ref:").strip()
    common = Path(folder, _read(folder / "commondir").strip() or ".")
    for place in (folder, common):
        commit = _read(place / name).strip() if ".." not in name else ""
        if _COMMIT.fullmatch(commit):
            return commit
    for line in _read(common / "packed-refs").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _is_dirty(git: str, project: Path, files: Sequence[str], commit: str) -> bool | None:
    """Return whether a file differs from the commit; its content is compared here.

    `git status` would start the filters that a repository's settings name.
    """
    command = [git, *_NO_PROGRAMS, "--no-pager", "--literal-pathspecs"]
    try:
        process = subprocess.run(
            [*command, "ls-tree", "-r", "-z", commit, "--", *files],
            cwd=project,
            env={**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if process.returncode:
        return None
    hashes = {}
    for entry in filter(None, process.stdout.split(b"\0")):
        kind, _, name = entry.partition(b"\t")
        hashes[os.fsdecode(name)] = kind.split()[2].decode("ascii")
    return any(not _is_unchanged(project / name, hashes.get(name, "")) for name in files)


def _is_unchanged(path: Path, blob: str) -> bool:
    """Return whether a file has the content of a blob; its line ends may be Windows' own."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    digest = hashlib.sha256 if len(blob) == 64 else hashlib.sha1
    return any(
        digest(b"blob %d\0" % len(data) + data).hexdigest() == blob
        for data in (content, content.replace(b"\r\n", b"\n"))
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
