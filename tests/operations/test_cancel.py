"""`cancel`: stop a run."""

from __future__ import annotations

import pytest
from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.pushed_runs import PRINT_SESSION, push_script

from kitctl.adapters.kaggle import connect_local
from kitctl.domain.runs import Facts, Status
from kitctl.errors import Refused
from kitctl.operations.cancel import cancel
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.stop_run import StopTimes
from kitctl.operations.shared.watch import wait_for_end


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
