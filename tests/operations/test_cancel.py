"""`cancel`: stop a run."""

from __future__ import annotations

import json
import time

import pytest
from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, PRINT_SESSION, push_script
from support.server_clock import ServerClock

from kitctl.domain.runs.run import Facts, KernelRef, RunRef, Status
from kitctl.domain.runs.session_id import SESSION_LINES
from kitctl.errors import NetworkFailed, Refused
from kitctl.operations.cancel import cancel
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.stop_run import StopTimes
from kitctl.operations.watching.watch import wait_for_end


def test_cancelling_stops_the_run(setup: LocalSetup) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED
    recorded = setup.ledger.get("local", target.ref)
    assert recorded and recorded.facts.session_id and recorded.status is Status.CANCEL_ACKNOWLEDGED


def test_a_run_that_has_ended_is_not_cancelled(setup: LocalSetup) -> None:
    target = push_script(setup, "print(1)")
    wait_for_end(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.COMPLETE
    assert setup.server.calls("CancelKernelSession") == 0


def test_a_run_that_prints_no_session_id_cannot_be_cancelled(setup: LocalSetup) -> None:
    target = push_script(setup, "import time; print('hello', flush=True); time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    with pytest.raises(Refused) as caught:
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert caught.value.code == "no_session_id"
    assert "goes on" in caught.value.message


def test_a_run_that_kaggle_does_not_cancel_is_an_error(setup: LocalSetup) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    assert target.record
    setup.ledger.update_facts(target.record.id, Facts(session_id=4711))
    with pytest.raises(Refused) as caught:
        cancel(
            TargetRun(target.ref, setup.ledger.get("local", target.ref)),
            setup.kaggle,
            setup.ledger,
            setup.clock,
            setup.reporter,
        )
    assert (caught.value.code, caught.value.exit_code) == ("not_cancelled", 4)
    assert "goes on" in caught.value.message


def test_an_error_inside_the_answer_to_a_cancel_is_a_refusal(setup: LocalSetup) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    setup.server.answer("CancelKernelSession", b'{"error": "Not now."}')
    with pytest.raises(Refused, match="Not now"):
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)


@pytest.mark.parametrize("first_line", ["training", "session {id}", "session 2", "{line}"])
def test_a_job_that_prints_another_runs_id_does_not_stop_that_run(
    setup: LocalSetup, first_line: str
) -> None:
    setup.server.push("other-job", f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.server.status("other-job") == "RUNNING")
    other_log = setup.kaggle.follow_log(RunRef(KernelRef("local", "other-job"), 1))
    line = next(line.text for line in other_log if line.stream == "stdout")
    first = first_line.format(id=line.split("-")[1], line=line)
    target = push_script(setup, f"print({first!r}, flush=True)\n{PRINT_SESSION}time.sleep(600)")
    assert target.record
    setup.ledger.update_facts(target.record.id, Facts(session_id=int(line.split("-")[1])))
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    with pytest.raises(Refused, match="does not begin by printing") as caught:
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert caught.value.code == "no_session_id"
    assert setup.server.calls("CancelKernelSession") == 0
    assert setup.server.status("other-job") == "RUNNING"


def test_a_source_is_read_of_the_run_itself_not_of_its_kernels_newest_version(
    setup: LocalSetup,
) -> None:
    target = push_script(setup, "import time; print('session 2', flush=True); time.sleep(600)")
    setup.server.push("small-job", f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    with pytest.raises(Refused, match="does not begin by printing"):
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)


def test_the_log_of_a_newer_version_shown_for_that_of_the_run_stops_neither(
    setup: LocalSetup,
) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    setup.server.push("small-job", f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(RunRef(KERNEL, 2)).status is Status.RUNNING)
    event = {"stream_name": "stdout", "time": 1.0, "data": "kaggle_a-2-webtier\n"}
    body = f"data: {json.dumps(event)}\n\n".encode()
    setup.server.answer("logs", body, headers={"Content-Type": "text/event-stream"}, count=None)
    with pytest.raises(Refused, match="shows the log of local/small-job/2"):
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert setup.server.calls("CancelKernelSession") == 0


def test_each_of_two_versions_at_once_is_stopped_by_its_own_id(setup: LocalSetup) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    setup.server.push("small-job", f"{PRINT_SESSION}time.sleep(600)")
    newer = RunRef(KERNEL, 2)
    until(lambda: setup.kaggle.status(newer).status is Status.RUNNING)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED
    assert setup.kaggle.status(newer).status is Status.RUNNING


def test_a_run_that_kaggle_does_not_show_yet_is_said_to_be_so(setup: LocalSetup) -> None:
    setup.server.hide_new_versions(600)
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    with pytest.raises(Refused, match="does not show local/small-job/1 yet") as caught:
        cancel(target, setup.kaggle, setup.ledger, ServerClock(setup.server), setup.reporter)
    assert (caught.value.code, caught.value.exit_code) == ("not_shown", 4)
    setup.server.advance(600)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED


def test_a_run_that_waits_for_its_machine_is_said_to_be_queued(setup: LocalSetup) -> None:
    setup.server.settings(queue_seconds=3600)
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    with pytest.raises(Refused, match="is queued and has not printed") as caught:
        cancel(target, setup.kaggle, setup.ledger, ServerClock(setup.server), setup.reporter)
    assert caught.value.code == "no_session_id"


PACKED = f"# script_sha256 {'0' * 64}\n\n{SESSION_LINES}import time\ntime.sleep(600)\n"


def test_a_packed_job_is_stopped_by_its_first_line_also_from_another_machine(
    setup: LocalSetup,
) -> None:
    setup.server.push("small-job", PACKED)
    until(lambda: setup.server.status("small-job") == "RUNNING")
    target = TargetRun(RunRef(KERNEL, 1), None)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED


@pytest.mark.parametrize("fault", ["lost_answer", "html", "error"])
def test_a_lost_answer_to_a_cancel_is_settled_by_the_runs_state(
    setup: LocalSetup, fault: str
) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    if fault == "lost_answer":
        setup.server.fault(fault, "CancelKernelSession", count=1)
    else:
        body = {"html": b"<html></html>", "error": b""}[fault]
        status = {"html": 200, "error": 520}[fault]
        setup.server.answer("CancelKernelSession", body, status, after_effect=True)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED


def test_a_run_may_take_ten_minutes_to_save_its_outputs(setup: LocalSetup) -> None:
    class PacedClock(ServerClock):
        def sleep(self, seconds: float) -> None:
            time.sleep(0.1)
            super().sleep(seconds)

    setup.server.settings(cancel_seconds=400)
    setup.clock = PacedClock(setup.server)
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    times = StopTimes(poll=60)
    cancelled = cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter, times=times)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED
    assert setup.clock.waited_seconds >= 360


def test_a_cancel_that_kaggle_surely_did_not_take_is_an_error(setup: LocalSetup) -> None:
    target = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    setup.clock = ServerClock(setup.server)
    setup.server.answer("CancelKernelSession", b"<html></html>", count=None)
    with pytest.raises(NetworkFailed):
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert setup.kaggle.status(target.ref).status is Status.RUNNING
