"""Waiting for a run's end, and following its log."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

import pytest
from support.jobs import save_request
from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, PRINT_SESSION, push_script

from kitctl.domain.runs.run import RunRef, Status
from kitctl.errors import NetworkFailed, RunCancelled, RunFailed, hint_text
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus
from kitctl.operations.watching.watch import follow, wait_for_end
from kitctl.ports import Kaggle, LogLine, PolledStatus


def wait(setup: LocalSetup, target: TargetRun, timeout: float | None = None) -> RunStatus:
    return wait_for_end(
        target, setup.kaggle, setup.ledger, setup.clock, setup.reporter, timeout=timeout
    )


def test_waiting_ends_with_the_run_and_the_ledger_records_when_it_ran(setup: LocalSetup) -> None:
    status = wait(setup, push_script(setup, "import time; time.sleep(1)"))
    assert status.status is Status.COMPLETE and status.failure is None
    assert status.running_seconds is not None and 0.5 < status.running_seconds < 20
    recorded = setup.ledger.get("local", status.ref)
    assert recorded and recorded.status is Status.COMPLETE
    assert recorded.started_at and recorded.ended_at and recorded.started_at < recorded.ended_at


def test_a_failed_run_is_an_error_with_the_next_command(setup: LocalSetup) -> None:
    failure = wait(setup, push_script(setup, "raise SystemExit(1)")).failure
    assert isinstance(failure, RunFailed) and failure.exit_code == 6
    assert "pull-results 1" in hint_text(failure.hint)


def test_a_run_that_exceeds_its_timeout_is_cancelled(setup: LocalSetup) -> None:
    target = TargetRun(
        setup.kaggle.save(
            save_request(KERNEL, "import time; time.sleep(600)", timeout_seconds=60)
        ).run,
        None,
    )
    until(lambda: setup.kaggle.status(target.ref).status is Status.RUNNING)
    setup.server.advance(120)
    failure = wait(setup, target).failure
    assert isinstance(failure, RunCancelled) and failure.exit_code == 7


def test_waiting_ends_at_its_timeout_and_the_run_continues(setup: LocalSetup) -> None:
    target = push_script(setup, "import time; time.sleep(600)")
    with pytest.raises(RunCancelled) as caught:
        wait(setup, target, timeout=0.2)
    assert caught.value.code == "wait_timeout"
    assert not setup.kaggle.status(target.ref).status.ended


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
    target = push_script(setup, "import time; time.sleep(1)")
    failures = [NetworkFailed("the cable is out"), None, NetworkFailed("again")]
    kaggle = UnreliableKaggle(setup.kaggle, failures)
    status = wait_for_end(target, kaggle, setup.ledger, setup.clock, setup.reporter)
    assert status.status is Status.COMPLETE
    assert any("the cable is out" in line for line in setup.reporter.lines)


def test_waiting_gives_up_on_a_network_that_does_not_come_back(setup: LocalSetup) -> None:
    target = push_script(setup, "import time; time.sleep(600)")
    kaggle = UnreliableKaggle(setup.kaggle, itertools.repeat(NetworkFailed("the cable is out")))
    with pytest.raises(NetworkFailed, match="The run goes on"):
        wait_for_end(target, kaggle, setup.ledger, setup.clock, setup.reporter, patience=0.0)


def test_following_passes_on_each_line_and_ends_with_the_run(setup: LocalSetup) -> None:
    setup.server.settings(queue_seconds=0.5)
    target = push_script(setup, f"{PRINT_SESSION}for n in range(5): print('line', n, flush=True)")
    texts: list[str] = []
    status = follow(
        target,
        setup.kaggle,
        setup.ledger,
        setup.clock,
        setup.reporter,
        lambda line: texts.append(line.text),
    )
    assert status.status is Status.COMPLETE
    assert texts[-5:] == [f"line {number}" for number in range(5)]
    recorded = setup.ledger.get("local", target.ref)
    assert recorded and f"kaggle_local-{recorded.facts.session_id}-webtier" in texts


def test_an_end_of_the_log_without_any_line_is_checked_by_the_stored_log(
    setup: LocalSetup,
) -> None:
    target = push_script(setup, "for n in range(5): print('line', n, flush=True)")
    setup.server.answer("logs", "[]", headers={"Content-Type": "application/json"})
    texts: list[str] = []

    def add(line: LogLine) -> None:
        texts.append(line.text)

    follow(target, setup.kaggle, setup.ledger, setup.clock, setup.reporter, add)
    assert texts == [f"line {number}" for number in range(5)]


HTML = {"Content-Type": "text/html"}
FIVE_LINES = [f"line {number}" for number in range(5)]


def followed(setup: LocalSetup, target: TargetRun) -> list[str]:
    """Follow a run to its end; return its lines."""
    texts: list[str] = []
    follow(
        target,
        setup.kaggle,
        setup.ledger,
        setup.clock,
        setup.reporter,
        lambda line: texts.append(line.text),
        last_lines_seconds=0.5,
    )
    return texts


@pytest.mark.parametrize("streamed", [0, 3])
def test_what_the_stream_of_a_log_leaves_out_comes_from_the_stored_log(
    setup: LocalSetup, streamed: int
) -> None:
    log = [{"stream_name": "stdout", "time": 1.0, "data": f"{line}\n"} for line in FIVE_LINES]
    events = "".join(f"data: {json.dumps(piece)}\n\n" for piece in log[:streamed])
    target = setup.seed(log=FIVE_LINES)
    setup.server.answer("logs", events, headers={"Content-Type": "text/event-stream"})
    setup.server.answer("logs", "<html>", headers=HTML, count=None)
    assert followed(setup, target) == FIVE_LINES


def test_a_log_whose_end_cannot_be_read_is_a_warning(setup: LocalSetup) -> None:
    target = setup.seed(log=FIVE_LINES)
    setup.server.answer("logs", "<html>", headers=HTML, count=None)
    setup.server.answer("ListKernelSessionOutput", status=400, count=None)
    assert followed(setup, target) == []
    assert any("The end of the log is missing." in line for line in setup.reporter.lines)


@pytest.mark.parametrize("status", [429, 501, 520, 529])
def test_waiting_continues_while_kaggle_is_busy(setup: LocalSetup, status: int) -> None:
    target = setup.seed()
    setup.server.answer("GetKernelSessionStatus", status=status)
    assert wait(setup, target).status is Status.COMPLETE
