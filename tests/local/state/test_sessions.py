"""Sessions in the database: their states, deadlines, and outputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kitctl.local.state import records
from kitctl.local.state.errors import ApiError
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.records import SaveRequest, Session
from kitctl.local.state.sessions import output_files


def queued(state: LocalState, *, slug: str = "one-job", timeout_seconds: float = 60.0) -> Session:
    kernel, version = state.kernels.add_version("local", slug, "", SaveRequest(title=slug))
    return state.sessions.get(state.sessions.queue(kernel, version, "cpu", timeout_seconds))


def test_session_ids_count_up_from_a_number_that_no_version_has(local_state: LocalState) -> None:
    first, second = queued(local_state), queued(local_state)
    assert first.id > 270_000_000
    assert second.id == first.id + 1
    assert local_state.sessions.folder(first.id).is_dir()


def test_a_session_goes_from_queued_to_running_to_its_end(local_state: LocalState) -> None:
    session = queued(local_state)
    assert (session.status, session.started_at) == (records.QUEUED, None)
    local_state.sessions.begin(session.id)
    running = local_state.sessions.get(session.id)
    assert running.status == records.RUNNING and running.started_at is not None
    assert [one.id for one in local_state.sessions.unfinished()] == [session.id]
    local_state.sessions.end(session.id, records.ERROR, "why")
    ended = local_state.sessions.get(session.id)
    assert (ended.status, ended.failure_message) == (records.ERROR, "why")
    assert ended.ended_at is not None
    assert local_state.sessions.unfinished() == []


def test_the_first_recorded_end_stays(local_state: LocalState) -> None:
    session = queued(local_state)
    local_state.sessions.end(session.id, records.COMPLETE)
    local_state.sessions.end(session.id, records.ERROR, "too late")
    assert local_state.sessions.get(session.id).status == records.COMPLETE


def test_an_unknown_session_is_forbidden(local_state: LocalState) -> None:
    with pytest.raises(ApiError) as raised:
        local_state.sessions.get(4711)
    assert raised.value.status == 403


def test_a_session_may_start_after_the_time_in_the_queue(local_state: LocalState) -> None:
    local_state.settings["queue_seconds"] = 60
    session = queued(local_state)
    assert not local_state.sessions.may_start(session)
    local_state.clock.advance(61)
    assert local_state.sessions.may_start(session)


def test_a_session_is_overdue_after_its_timeout_counted_from_its_start(
    local_state: LocalState,
) -> None:
    session = queued(local_state, timeout_seconds=60)
    local_state.clock.advance(100)
    assert not local_state.sessions.is_overdue(session)
    local_state.sessions.begin(session.id)
    local_state.clock.advance(50)
    assert not local_state.sessions.is_overdue(local_state.sessions.get(session.id))
    local_state.clock.advance(11)
    assert local_state.sessions.is_overdue(local_state.sessions.get(session.id))


def test_only_a_session_that_has_not_ended_can_be_cancelled(local_state: LocalState) -> None:
    session = queued(local_state)
    assert local_state.sessions.request_cancel(session.id)
    assert local_state.sessions.get(session.id).status == records.CANCEL_REQUESTED
    local_state.sessions.end(session.id, records.CANCEL_ACKNOWLEDGED)
    assert not local_state.sessions.request_cancel(session.id)
    assert local_state.sessions.get(session.id).status == records.CANCEL_ACKNOWLEDGED


def test_cancelling_a_kernels_sessions_leaves_other_kernels_alone(local_state: LocalState) -> None:
    one, other = queued(local_state), queued(local_state, slug="other-job")
    local_state.sessions.request_cancel_all(one.kernel_id)
    assert local_state.sessions.get(one.id).status == records.CANCEL_REQUESTED
    assert local_state.sessions.get(other.id).status == records.QUEUED


def test_a_status_without_a_label_lags_behind_a_push(local_state: LocalState) -> None:
    local_state.settings["status_lag_seconds"] = 30
    first = queued(local_state)
    assert local_state.sessions.for_unlabelled_status(first.kernel_id, 1) == first
    second = queued(local_state)
    assert local_state.sessions.for_unlabelled_status(first.kernel_id, 2) == first
    local_state.clock.advance(31)
    assert local_state.sessions.for_unlabelled_status(first.kernel_id, 2) == second


def test_the_newest_complete_session_is_by_version(local_state: LocalState) -> None:
    first, second, third = (queued(local_state) for _ in range(3))
    assert local_state.sessions.newest_complete(first.kernel_id) is None
    local_state.sessions.end(second.id, records.COMPLETE)
    local_state.sessions.end(first.id, records.COMPLETE)
    local_state.sessions.end(third.id, records.ERROR)
    newest = local_state.sessions.newest_complete(first.kernel_id)
    assert newest is not None and newest.id == second.id


def test_outputs_are_files_by_name_and_links_are_none(local_state: LocalState) -> None:
    session = queued(local_state)
    working = local_state.sessions.folder(session.id) / "run/working"
    (working / "plots").mkdir(parents=True)
    (working / "plots/a.png").write_bytes(b"123")
    (working / "model.keras").write_bytes(b"1")
    (working / "link.txt").symlink_to("/etc/passwd")
    (working / "folder").symlink_to("/etc", target_is_directory=True)
    local_state.sessions.add_outputs(session.id, output_files(working))
    outputs = local_state.sessions.outputs(session.id, 0, 10)
    assert [(one.name, one.bytes) for one in outputs] == [("model.keras", 1), ("plots/a.png", 3)]
    assert outputs[1].path == working / "plots/a.png"
    assert local_state.sessions.outputs(session.id, 1, 10) == outputs[1:]
    assert local_state.sessions.outputs(session.id, 0, 1) == outputs[:1]
    assert local_state.sessions.output(outputs[1].id) == outputs[1]
    assert local_state.sessions.output_named(session.id, "model.keras") == outputs[0]
    assert local_state.sessions.output_named(session.id, "link.txt") is None


def test_an_output_whose_name_is_no_utf8_is_listed_and_hides_no_other(
    local_state: LocalState, tmp_path: Path
) -> None:
    working = tmp_path / "working"
    (working / os.fsdecode(b"d\xfe")).mkdir(parents=True)
    (working / os.fsdecode(b"bad\xff.txt")).write_text("a", "utf-8")
    (working / os.fsdecode(b"d\xfe") / "b.txt").write_text("b", "utf-8")
    (working / "é.txt").write_text("c", "utf-8")
    listed = {output.name: output.path.read_text("utf-8") for output in output_files(working)}
    assert listed == {"bad%FF.txt": "a", "d%FE/b.txt": "b", "é.txt": "c"}
