"""Ready-made finished runs: weeks of history, outputs of any number and size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any, cast

from kitctl.local.http import fields
from kitctl.local.http.fields import Body
from kitctl.local.runs import execution
from kitctl.local.state import machines, records
from kitctl.local.state.clock import parse_time
from kitctl.local.state.errors import bad_request
from kitctl.local.state.local_state import LocalState

BLOCK_BYTES = 1 << 20

# From this size on the training job's manifest gives a BLAKE2b too.
LARGE_FILE_BYTES = 64 << 20


def add_run(state: LocalState, run: Body) -> dict[str, Any]:
    """Add one finished run.

    `run` has `slug`, and may have `owner`, `title`, `source`, `machineShape`, `isPrivate`,
    `parent` (the kernel that its own was copied from),
    `status`, `failureMessage`, `queuedAt`, `startedAt`, `endedAt` (ISO 8601, UTC), `log` (a list
    of {stream_name, time, data}), `files` and `manifest` (true adds a manifest.json). Each of
    `files` has `name`, and `text` or `bytes` (a size); its `count` makes that many files, with the
    number in place of `{}` in the name.

    Returns:
        the run's `version` and `sessionId`.
    """
    now = state.clock.now()
    owner = fields.text(run, "owner") or state.account
    shape = fields.text(run, "machineShape")
    machine = machines.choose(shape, enable_gpu=False, enable_tpu=False)
    request = records.SaveRequest(
        title=fields.text(run, "title") or fields.text(run, "slug"),
        language="python",
        kernel_type="script",
        is_private=owner == state.account or fields.flag(run, "isPrivate"),
        machine_shape=machine.shape,
    )
    source = fields.text(run, "source")
    kernel_id, version = state.kernels.add_version(owner, fields.text(run, "slug"), source, request)
    if parent := fields.text(run, "parent"):
        state.kernels.copy_of(kernel_id, parent)
    started_at = _time(run, "startedAt", now)
    session_id = state.sessions.add(
        kernel_id,
        version,
        machine.pool,
        status=fields.text(run, "status") or records.COMPLETE,
        failure_message=fields.text(run, "failureMessage") or None,
        timeout_seconds=machines.LONGEST_SESSION_SECONDS[machine.pool],
        queued_at=_time(run, "queuedAt", started_at),
        started_at=started_at,
        ended_at=_time(run, "endedAt", max(now, started_at)),
    )
    log = "".join(json.dumps(dict(entry)) + "\n" for entry in fields.objects(run, "log"))
    state.sessions.log_file(session_id).write_text(log, encoding="utf-8")
    _add_files(state, session_id, run)
    return {"version": version, "sessionId": session_id}


def add_interactive_use(state: LocalState, use: Body) -> None:
    """Add time used in an open notebook: `accelerator` (gpu, tpu), `startedAt`, `endedAt`."""
    pool = fields.text(use, "accelerator")
    if pool not in ("gpu", "tpu"):
        raise bad_request('"accelerator" is gpu or tpu.')
    now = state.clock.now()
    state.quota.add_interactive_use(
        cast(machines.Pool, pool), _time(use, "startedAt", now), _time(use, "endedAt", now)
    )


def add_topic(state: LocalState, topic: Body) -> int:
    """Add a topic of discussion and return its id.

    `topic` has `place` (`forums/getting-started`, `datasets/owner/slug`, `competitions/slug`, …),
    `title`, and may have `content` and `comments` (a list of {author, content, replies}).
    """
    return state.discussions.add(
        fields.text(topic, "place"),
        fields.text(topic, "title"),
        fields.text(topic, "content"),
        fields.objects(topic, "comments"),
    )


def _time(body: Body, name: str, default: float) -> float:
    text = fields.text(body, name)
    return parse_time(text) if text else default


def _add_files(state: LocalState, session_id: int, run: Body) -> None:
    working = execution.working_folder(state.sessions.folder(session_id))
    outside = state.sessions.folder(session_id) / "odd"
    working.mkdir(parents=True)
    outside.mkdir()
    outputs: list[records.NewOutputFile] = []
    manifest: list[dict[str, Any]] = []
    for file in fields.objects(run, "files"):
        for number in range(fields.number(file, "count") or 1):
            name = fields.text(file, "name").replace("{}", str(number))
            # A name that leads out of the folder is listed as it is, but stored here.
            path = working / name if _is_plain(name) else outside / str(len(outputs))
            path.parent.mkdir(parents=True, exist_ok=True)
            size, digests = _write(path, _content(file, name))
            outputs.append(records.NewOutputFile(name, path, size, path.stat().st_mtime))
            manifest.append({"path": name, "bytes": size, **digests})
    if fields.flag(run, "manifest"):
        path = working / "manifest.json"
        text = json.dumps({"schema": "kitctl-manifest/1", "files": manifest})
        path.write_text(text, encoding="utf-8")
        outputs.append(records.NewOutputFile(path.name, path, len(text), path.stat().st_mtime))
    state.sessions.add_outputs(session_id, outputs)


def _is_plain(name: str) -> bool:
    """Return whether a name stays within the folder on every system."""
    return not (PurePosixPath(name).is_absolute() or ".." in name or "\\" in name or ":" in name)


def _write(path: Path, parts: Iterable[bytes]) -> tuple[int, dict[str, str]]:
    """Write the parts to a file.

    Returns:
        the size, and the digests that the training job's manifest gives.
    """
    size, sha256, blake2b = 0, hashlib.sha256(), hashlib.blake2b()
    with path.open("wb") as sink:
        for part in parts:
            sink.write(part)
            sha256.update(part)
            blake2b.update(part)
            size += len(part)
    digests = {"sha256": sha256.hexdigest()}
    return size, digests if size < LARGE_FILE_BYTES else digests | {"blake2b": blake2b.hexdigest()}


def _content(file: Body, name: str) -> Iterator[bytes]:
    """Yield the file's text, or `bytes` pseudo-random bytes, which differ from name to name."""
    text = file.get("text")
    if isinstance(text, str):
        yield text.encode()
        return
    left = fields.number(file, "bytes") or 0
    block = Random(name).randbytes(min(left, BLOCK_BYTES))
    while left > 0:
        yield block[:left]
        left -= len(block)
