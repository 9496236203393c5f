"""Following, waiting for, reading and cancelling a run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
from support.jobs import intent_to_push, job
from support.local_kaggle import until
from support.local_setup import LocalSetup

from kitctl.adapters.kaggle import connect_local
from kitctl.domain.runs import Facts, KernelRef, RunName, RunRef, Status
from kitctl.errors import InvalidInput, NetworkFailed, Refused, RunCancelled, RunFailed, hint_text
from kitctl.operations.cancel import cancel
from kitctl.operations.logs import read_log
from kitctl.operations.runs import list_runs
from kitctl.operations.shared.find_run import TargetRun, find_run
from kitctl.operations.shared.run_status import RunStatus, read_status
from kitctl.operations.shared.stop_run import StopTimes
from kitctl.operations.shared.watch import follow, wait_for_end
from kitctl.ports import Kaggle, PolledStatus

KERNEL = KernelRef("local", "small-job")
SESSION = (
    "import os, re, time\n"
    "print('session', re.search(r'-(\\d+)-webtier', os.environ['KAGGLE_CONTAINER_NAME'])[1],"
    " flush=True)\n"
)


def pushed(setup: LocalSetup, script: str, version: int = 1) -> TargetRun:
    """A run that the ledger knows."""
    intent = intent_to_push(
        script, service="local", account="local", kernel=KERNEL, pool="cpu", accelerator=""
    )
    run = setup.ledger.admit(intent, lambda pending: None)
    ref = setup.kaggle.save(job(KERNEL, script), version - 1).run
    return TargetRun(
        ref, setup.ledger.record_version(run.id, KERNEL, ref.version, setup.kaggle.now())
    )


def ended(setup: LocalSetup, found: TargetRun, timeout: float | None = None) -> RunStatus:
    return wait_for_end(
        found, setup.kaggle, setup.ledger, setup.clock, setup.reporter, timeout=timeout
    )


def test_waiting_ends_with_the_run_and_the_ledger_knows_when_it_ran(setup: LocalSetup) -> None:
    status = ended(setup, pushed(setup, "import time; time.sleep(1)"))
    assert status.status is Status.COMPLETE and status.failure is None
    assert status.running_seconds is not None and 0.5 < status.running_seconds < 20
    known = setup.ledger.get("local", status.ref)
    assert known and known.status is Status.COMPLETE
    assert known.started_at and known.ended_at and known.started_at < known.ended_at


def test_a_failed_run_says_so_and_what_next(setup: LocalSetup) -> None:
    failure = ended(setup, pushed(setup, "raise SystemExit(1)")).failure
    assert isinstance(failure, RunFailed) and failure.exit_code == 6
    assert "pull-results 1" in hint_text(failure.hint)


def test_a_run_out_of_time_is_cancelled(setup: LocalSetup) -> None:
    found = TargetRun(
        setup.kaggle.save(job(KERNEL, "import time; time.sleep(600)", timeout_seconds=60), 0).run,
        None,
    )
    until(lambda: setup.kaggle.status(found.ref).status is Status.RUNNING)
    setup.server.advance(120)
    failure = ended(setup, found).failure
    assert isinstance(failure, RunCancelled) and failure.exit_code == 7


def test_waiting_no_longer_than_asked(setup: LocalSetup) -> None:
    found = pushed(setup, "import time; time.sleep(600)")
    with pytest.raises(RunCancelled) as caught:
        ended(setup, found, timeout=0.2)
    assert caught.value.code == "wait_timeout"
    assert not setup.kaggle.status(found.ref).status.ended


def test_the_status_is_that_of_the_version_though_kaggle_lags(setup: LocalSetup) -> None:
    pushed(setup, "print(1)")
    setup.server.wait("small-job")
    setup.server.settings(status_lag_seconds=600)
    second = pushed(setup, "import time; time.sleep(600)", version=2)
    assert not read_status(second, setup.kaggle, setup.ledger).status.ended


class UnreliableKaggle:
    """A Kaggle whose answers to polls fail as often as `failures` says."""

    def __init__(self, kaggle: Kaggle, failures: Iterable[NetworkFailed | None]) -> None:
        self._kaggle, self._failures = kaggle, iter(failures)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kaggle, name)

    def status(self, run: RunRef) -> PolledStatus:
        if failure := next(self._failures, None):
            raise failure
        return self._kaggle.status(run)


def test_waiting_continues_while_the_network_fails(setup: LocalSetup) -> None:
    found = pushed(setup, "import time; time.sleep(1)")
    failures = [NetworkFailed("the cable is out"), None, NetworkFailed("again")]
    kaggle = UnreliableKaggle(setup.kaggle, failures)
    status = wait_for_end(found, kaggle, setup.ledger, setup.clock, setup.reporter)
    assert status.status is Status.COMPLETE
    assert any("the cable is out" in line for line in setup.reporter.lines)


def test_waiting_gives_up_on_a_network_that_does_not_come_back(setup: LocalSetup) -> None:
    found = pushed(setup, "import time; time.sleep(600)")
    kaggle = UnreliableKaggle(setup.kaggle, itertools.repeat(NetworkFailed("the cable is out")))
    with pytest.raises(NetworkFailed, match="The run goes on"):
        wait_for_end(found, kaggle, setup.ledger, setup.clock, setup.reporter, patience=0.0)


def test_following_hands_on_each_line_and_ends_with_the_run(setup: LocalSetup) -> None:
    setup.server.settings(queue_seconds=0.5)
    found = pushed(setup, f"{SESSION}for n in range(5): print('line', n, flush=True)")
    texts: list[str] = []
    status = follow(
        found,
        setup.kaggle,
        setup.ledger,
        setup.clock,
        setup.reporter,
        lambda line: texts.append(line.text),
    )
    assert status.status is Status.COMPLETE
    assert texts[-5:] == [f"line {number}" for number in range(5)]
    known = setup.ledger.get("local", found.ref)
    assert known and f"session {known.facts.session_id}" in texts


def test_a_running_log_is_read_as_far_as_it_has_come(setup: LocalSetup) -> None:
    found = pushed(setup, "import time\nfor n in range(9): print(n, flush=True)\ntime.sleep(600)")
    log = until(
        lambda: read if (read := read_log(found, setup.kaggle, setup.ledger, 2)).lines else 0
    )
    assert [line.text for line in log.lines] == ["7", "8"]
    assert not log.status.status.ended


# Cancelling.


def test_cancelling_stops_the_run(setup: LocalSetup) -> None:
    found = pushed(setup, f"{SESSION}time.sleep(600)")
    until(lambda: setup.kaggle.status(found.ref).status is Status.RUNNING)
    cancelled = cancel(found, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.CANCEL_ACKNOWLEDGED
    known = setup.ledger.get("local", found.ref)
    assert known and known.facts.session_id and known.status is Status.CANCEL_ACKNOWLEDGED


def test_a_run_that_ended_is_not_cancelled(setup: LocalSetup) -> None:
    found = pushed(setup, "print(1)")
    ended(setup, found)
    cancelled = cancel(found, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    assert cancelled.status.status is Status.COMPLETE
    assert setup.server.calls("CancelKernelSession") == 0


def test_a_run_that_prints_no_session_id_cannot_be_cancelled(setup: LocalSetup) -> None:
    found = pushed(setup, "import time; print('hello', flush=True); time.sleep(600)")
    until(lambda: setup.kaggle.status(found.ref).status is Status.RUNNING)
    kaggle = connect_local(setup.server.endpoint, setup.server.token, quiet_seconds=0.2)
    times = StopTimes(session_id=0.0)
    with pytest.raises(Refused) as caught:
        cancel(found, kaggle, setup.ledger, setup.clock, setup.reporter, times=times)
    assert caught.value.code == "no_session_id"
    assert "goes on" in caught.value.message


def test_what_kaggle_does_not_cancel_goes_on_and_is_said_to(setup: LocalSetup) -> None:
    found = pushed(setup, "import time; time.sleep(600)")
    assert found.record
    setup.ledger.update_facts(found.record.id, Facts(session_id=4711))
    with pytest.raises(Refused) as caught:
        cancel(
            TargetRun(found.ref, setup.ledger.get("local", found.ref)),
            setup.kaggle,
            setup.ledger,
            setup.clock,
            setup.reporter,
        )
    assert (caught.value.code, caught.value.exit_code) == ("not_cancelled", 4)
    assert "goes on" in caught.value.message


# Which run is meant.


def test_the_latest_run_is_meant_where_none_is_named(setup: LocalSetup) -> None:
    for version in (1, 2):
        pushed(setup, f"print({version})", version)
    found = find_run(RunName(), lambda: KERNEL, setup.kaggle, setup.ledger)
    assert str(found.ref) == "local/small-job/2" and found.record


def test_without_a_ledger_kaggles_newest_version_is_meant(setup: LocalSetup) -> None:
    setup.server.push("elsewhere", "print(1)")
    kernel = KernelRef("local", "elsewhere")
    found = find_run(RunName(), lambda: kernel, setup.kaggle, setup.ledger)
    assert found == TargetRun(RunRef(kernel, 1), None)


def test_a_project_without_runs_says_so(setup: LocalSetup) -> None:
    with pytest.raises(InvalidInput) as caught:
        find_run(RunName(), lambda: KERNEL, setup.kaggle, setup.ledger)
    assert caught.value.code == "no_run"


def test_a_run_that_is_not_there_is_not_found(setup: LocalSetup) -> None:
    pushed(setup, "print(1)")
    found = find_run(RunName(version=9), lambda: KERNEL, setup.kaggle, setup.ledger)
    with pytest.raises(InvalidInput) as caught:
        read_status(found, setup.kaggle, setup.ledger)
    assert caught.value.code == "not_found"


# Lists.


def test_runs_are_brought_up_to_date_and_listed_newest_first(setup: LocalSetup) -> None:
    for version, script in ((1, "print(1)"), (2, "raise SystemExit(1)")):
        pushed(setup, script, version)
        setup.server.wait("small-job", version)
    listed = list_runs(setup.kaggle, setup.ledger, setup.reporter, kernel=KERNEL)
    assert [(run.version, run.status) for run in listed.runs] == [
        (2, Status.ERROR),
        (1, Status.COMPLETE),
    ]
    failed = list_runs(
        setup.kaggle, setup.ledger, setup.reporter, kernel=None, statuses=[Status.ERROR], limit=5
    )
    assert [row["version"] for row in failed.as_data()["runs"]] == [2]


def test_runs_are_listed_as_last_seen_when_kaggle_is_away(setup: LocalSetup) -> None:
    pushed(setup, "print(1)")
    setup.server.fault("status", "*", status=404, count=None)
    listed = list_runs(setup.kaggle, setup.ledger, setup.reporter, kernel=KERNEL)
    assert [run.version for run in listed.runs] == [1]
