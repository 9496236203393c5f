"""`cancel`: stop a run."""

from __future__ import annotations

import time

import pytest
from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, PRINT_SESSION, push_script
from support.server_clock import ServerClock

from kitctl.adapters.kaggle import connect_local
from kitctl.domain.runs.run import Facts, KernelRef, RunRef, Status
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
    kaggle = connect_local(setup.server.endpoint, setup.server.token, quiet_seconds=0.2)
    times = StopTimes(session_id=0.0)
    with pytest.raises(Refused) as caught:
        cancel(target, kaggle, setup.ledger, setup.clock, setup.reporter, times=times)
    assert caught.value.code == "no_session_id"
    assert "goes on" in caught.value.message


def test_a_run_that_kaggle_does_not_cancel_is_an_error(setup: LocalSetup) -> None:
    target = push_script(setup, "import time; time.sleep(600)")
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


@pytest.mark.parametrize("first_line", ["training", "session {id}", "session 2"])
def test_a_job_that_prints_another_runs_id_does_not_stop_that_run(
    setup: LocalSetup, first_line: str
) -> None:
    setup.server.push("other-job", f"{PRINT_SESSION}time.sleep(600)")
    until(lambda: setup.server.status("other-job") == "RUNNING")
    other_log = setup.kaggle.follow_log(RunRef(KernelRef("local", "other-job"), 1))
    line = next(line.text for line in other_log if line.stream == "stdout")
    first = first_line.format(id=line.split("-")[1])
    script = f"import time; print({first!r}, flush=True); print({line!r}, flush=True)"
    target = push_script(setup, f"{script}; time.sleep(600)")
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    with pytest.raises(Refused) as caught:
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert caught.value.code == "no_session_id"
    assert setup.server.calls("CancelKernelSession") == 0
    assert setup.server.status("other-job") == "RUNNING"


def test_an_id_that_the_ledger_knows_as_another_runs_is_not_used(setup: LocalSetup) -> None:
    other = push_script(setup, f"{PRINT_SESSION}time.sleep(600)")
    assert other.record
    setup.ledger.update_facts(other.record.id, Facts(session_id=1))
    target = push_script(
        setup, "import time; print('kaggle_a-1-webtier', flush=True); time.sleep(600)"
    )
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    with pytest.raises(Refused) as caught:
        cancel(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert caught.value.code == "no_session_id"
    assert setup.server.calls("CancelKernelSession") == 0


# A job with a job.toml has its identity and its settings in its header.
PACKED = f"""# script_sha256 {"0" * 64}
JOB = "{{}}"
import os, time
print('session', os.environ['KAGGLE_CONTAINER_NAME'].split('-')[1], flush=True)
time.sleep(600)
"""


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
