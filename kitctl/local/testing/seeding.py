"""Finished runs put straight into the books: weeks of history, outputs of any number and size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any, cast

from kitctl.local.http import wire
from kitctl.local.http.wire import Body
from kitctl.local.runs import execution
from kitctl.local.state import accelerators, records
from kitctl.local.state.clock import timestamp
from kitctl.local.state.kaggle import Kaggle
from kitctl.local.state.refusals import bad_request

BLOCK_BYTES = 1 << 20

# From here on the training job's manifest gives a BLAKE2b too.
LONG_BYTES = 64 << 20


def add_run(kaggle: Kaggle, run: Body) -> dict[str, Any]:
    """Add one finished run.

    `run` has `slug`, and may have `owner`, `title`, `source`, `machineShape`, `isPrivate`,
    `status`, `failureMessage`, `queuedAt`, `startedAt`, `endedAt` (ISO 8601, UTC), `log` (a list
    of {stream_name, time, data}) and `files`: a list of {`name`, and `text` or `bytes`}; `count`
    makes so many of one, with `{}` in the name for the number. `manifest` true adds a
    manifest.json.
    """
    now = kaggle.clock.now()
    owner = wire.text(run, "owner") or kaggle.account
    shape = wire.text(run, "machineShape")
    machine = accelerators.choose(shape, enable_gpu=False, enable_tpu=False)
    job = records.SaveRequest(
        title=wire.text(run, "title") or wire.text(run, "slug"),
        language="python",
        kernel_type="script",
        is_private=owner == kaggle.account or wire.flag(run, "isPrivate"),
        machine_shape=machine.shape,
    )
    source = wire.text(run, "source")
    kernel_id, version = kaggle.kernels.add_version(owner, wire.text(run, "slug"), source, job)
    started_at = _time(run, "startedAt", now)
    session_id = kaggle.sessions.add(
        kernel_id,
        version,
        machine.kind,
        status=wire.text(run, "status") or records.COMPLETE,
        failure_message=wire.text(run, "failureMessage") or None,
        timeout_seconds=accelerators.LONGEST_SESSION_SECONDS[machine.kind],
        queued_at=_time(run, "queuedAt", started_at),
        started_at=started_at,
        ended_at=_time(run, "endedAt", max(now, started_at)),
    )
    log = "".join(json.dumps(dict(entry)) + "\n" for entry in wire.objects(run, "log"))
    kaggle.sessions.log_file(session_id).write_text(log, encoding="utf-8")
    _add_files(kaggle, session_id, run)
    return {"version": version, "sessionId": session_id}


def add_interactive(kaggle: Kaggle, use: Body) -> None:
    """Count time used in an open notebook: `accelerator` (gpu, tpu), `startedAt`, `endedAt`."""
    kind = wire.text(use, "accelerator")
    if kind not in ("gpu", "tpu"):
        raise bad_request('"accelerator" is gpu or tpu.')
    now = kaggle.clock.now()
    kaggle.quota.use_elsewhere(
        cast(accelerators.Kind, kind), _time(use, "startedAt", now), _time(use, "endedAt", now)
    )


def _time(body: Body, name: str, default: float) -> float:
    text = wire.text(body, name)
    return timestamp(text) if text else default


def _add_files(kaggle: Kaggle, session_id: int, run: Body) -> None:
    working = execution.working_folder(kaggle.sessions.folder(session_id))
    outside = kaggle.sessions.folder(session_id) / "odd"
    working.mkdir(parents=True)
    outside.mkdir()
    found: list[tuple[str, Path, int, float]] = []
    manifest: list[dict[str, Any]] = []
    for file in wire.objects(run, "files"):
        for place in range(wire.number(file, "count") or 1):
            name = wire.text(file, "name").replace("{}", str(place))
            # A name that leads elsewhere is told as it is, but lies here.
            path = working / name if _is_plain(name) else outside / str(len(found))
            path.parent.mkdir(parents=True, exist_ok=True)
            size, digests = _write(path, _content(file, name))
            found.append((name, path, size, path.stat().st_mtime))
            manifest.append({"path": name, "bytes": size, **digests})
    if wire.flag(run, "manifest"):
        path = working / "manifest.json"
        text = json.dumps({"schema": "kitctl-manifest/1", "files": manifest})
        path.write_text(text, encoding="utf-8")
        found.append((path.name, path, len(text), path.stat().st_mtime))
    kaggle.sessions.add_outputs(session_id, found)


def _is_plain(name: str) -> bool:
    return not (PurePosixPath(name).is_absolute() or ".." in name or "\\" in name or ":" in name)


def _write(path: Path, parts: Iterable[bytes]) -> tuple[int, dict[str, str]]:
    """Write the parts to a file.

    Returns:
        size and digests of what was written, those that the training job's manifest gives.
    """
    size, sha256, blake2b = 0, hashlib.sha256(), hashlib.blake2b()
    with path.open("wb") as sink:
        for part in parts:
            sink.write(part)
            sha256.update(part)
            blake2b.update(part)
            size += len(part)
    digests = {"sha256": sha256.hexdigest()}
    return size, digests if size < LONG_BYTES else digests | {"blake2b": blake2b.hexdigest()}


def _content(file: Body, name: str) -> Iterator[bytes]:
    """The file's text, or as many bytes as it says, which differ from name to name."""
    text = file.get("text")
    if isinstance(text, str):
        yield text.encode()
        return
    left = wire.number(file, "bytes") or 0
    block = Random(name).randbytes(min(left, BLOCK_BYTES))
    while left > 0:
        yield block[:left]
        left -= len(block)
