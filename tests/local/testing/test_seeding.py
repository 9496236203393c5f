"""Ready-made runs: their outputs, logs, manifests and states."""

from __future__ import annotations

import hashlib
import json

import pytest

from kitctl.local.runs.execution import working_folder
from kitctl.local.runs.logs import read_all
from kitctl.local.state.errors import ApiError
from kitctl.local.state.local_state import LocalState
from kitctl.local.testing import seeding


def test_a_seeded_run_is_complete_and_its_script_ran_on_the_named_machine(
    local_state: LocalState,
) -> None:
    added = seeding.add_run(
        local_state,
        {
            "slug": "old-one",
            "machineShape": "NvidiaTeslaT4",
            "startedAt": "2026-11-16T10:00:00Z",
            "endedAt": "2026-11-16T11:00:00Z",
        },
    )
    session = local_state.sessions.get(added["sessionId"])
    assert (session.status, session.pool, added["version"]) == ("COMPLETE", "gpu", 1)
    assert session.ended_at is not None and session.started_at is not None
    assert session.ended_at - session.started_at == 3600


def test_count_makes_that_many_files_and_bytes_sets_their_size(local_state: LocalState) -> None:
    file = {"name": "part/{}.bin", "bytes": 3, "count": 4}
    added = seeding.add_run(local_state, {"slug": "many", "files": [file]})
    outputs = local_state.sessions.outputs(added["sessionId"], 0, 10)
    assert [output.name for output in outputs] == [f"part/{number}.bin" for number in range(4)]
    contents = {output.path.read_bytes() for output in outputs}
    assert len(contents) == 4 and {len(content) for content in contents} == {3}


def test_a_manifest_lists_every_file_with_its_size_and_digest(local_state: LocalState) -> None:
    files = [{"name": "a.txt", "text": "alpha"}]
    added = seeding.add_run(local_state, {"slug": "one", "files": files, "manifest": True})
    output = local_state.sessions.output_named(added["sessionId"], "manifest.json")
    assert output is not None
    assert json.loads(output.path.read_text("utf-8"))["files"] == [
        {"path": "a.txt", "bytes": 5, "sha256": hashlib.sha256(b"alpha").hexdigest()}
    ]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "C:\\x", "a/../../y"])
def test_a_name_that_leads_out_of_the_folder_is_stored_inside_it(
    local_state: LocalState, name: str
) -> None:
    added = seeding.add_run(local_state, {"slug": "evil", "files": [{"name": name, "text": name}]})
    output = local_state.sessions.output_named(added["sessionId"], name)
    assert output is not None
    folder = local_state.sessions.folder(added["sessionId"])
    assert output.path.resolve().is_relative_to(folder.resolve())
    assert not list(working_folder(folder).iterdir())


def test_a_log_is_written_as_a_run_writes_it(local_state: LocalState) -> None:
    lines = [{"stream_name": "stdout", "time": 0.5, "data": "epoch 1/1\n"}]
    added = seeding.add_run(local_state, {"slug": "one", "log": lines})
    assert json.loads(read_all(local_state.sessions.log_file(added["sessionId"]))) == lines


def test_an_open_notebook_uses_gpu_or_tpu_time_only(local_state: LocalState) -> None:
    start, end = "2026-11-16T10:00:00Z", "2026-11-16T10:20:00Z"
    local_state.clock.set(1_795_003_200)  # 2026-11-18T12:00:00Z
    seeding.add_interactive_use(
        local_state, {"accelerator": "gpu", "startedAt": start, "endedAt": end}
    )
    assert local_state.quota.statistics("gpu").used == 1200
    with pytest.raises(ApiError, match="gpu or tpu"):
        seeding.add_interactive_use(local_state, {"accelerator": "cpu"})
