"""A chain of sessions: what it reads from Kaggle and the ledger before each push."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.fake_kaggle import FakeKaggle
from support.jobs import intent_to_push, save_request

from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.chain import ChainOutcome, ChainSession, Limits, first_session
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.errors import InvalidInput, Refused
from kitctl.operations.sending.run_chain import ChainedRun, ChainResult, run_chain
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import NullReporter

KERNEL = KernelRef("ada", "car-or-truck")
LIMITS = Limits(session_seconds=3600)
FIRST = first_session("0123456789abcdef" * 4, LIMITS)


class ChainOnKaggle:
    """A chain whose sessions are saved at a Kaggle in memory, without a ledger's record."""

    def __init__(self, unfinished: dict[int, str]) -> None:
        self.kaggle = FakeKaggle()
        self.unfinished = unfinished
        self.pushed: list[tuple[int, bool]] = []
        self.saved_meanwhile: list[str] = []
        self.saved_while_waiting: list[str] = []
        self.end = Status.COMPLETE

    def save(self, session: ChainSession) -> RunRef:
        text = f"print KITCTL_CHAIN = {session.variable}"
        if session.number in self.unfinished:
            text += f"\nwrite UNFINISHED.txt {self.unfinished[session.number]}"
        return self.kaggle.save(save_request(KERNEL, text)).run

    def push(
        self, session: ChainSession, before: ChainedRun | None, check: Callable[[], None]
    ) -> TargetRun:
        while self.saved_while_waiting:
            self.kaggle.save(save_request(KERNEL, self.saved_while_waiting.pop(0)))
        check()
        self.pushed.append((session.number, before is None or before.is_newest))
        return TargetRun(self.save(session), None)

    def watch(self, target: TargetRun) -> RunStatus:
        while self.saved_meanwhile:
            self.kaggle.save(save_request(KERNEL, self.saved_meanwhile.pop()))
        return RunStatus(ref=target.ref, status=self.end, failure_message="", now=0.0, record=None)

    def run(self, ledger: SqliteLedger) -> ChainResult:
        return run_chain(
            *(KERNEL, FIRST, LIMITS, self.kaggle, ledger, NullReporter()), self.push, self.watch
        )


def test_a_chain_goes_on_with_the_session_that_another_machine_has_pushed(tmp_path: Path) -> None:
    chain = ChainOnKaggle({1: "1 of 2"})
    second = ChainSession(FIRST.chain, 2, 0, 3600, "0" * 16)
    chain.saved_meanwhile = [f"print KITCTL_CHAIN = {second.variable}"]
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        result = chain.run(ledger)
    assert chain.pushed == [(1, True)]
    assert [each.session.number for each in result.runs] == [1, 2]
    assert result.outcome is ChainOutcome.FINISHED


def test_a_chain_that_has_waited_goes_on_from_what_another_machine_has_pushed(
    tmp_path: Path,
) -> None:
    chain = ChainOnKaggle({})
    second = ChainSession(FIRST.chain, 2, 0, 3600, "0" * 16)
    chain.saved_while_waiting = [
        f"print KITCTL_CHAIN = {session.variable}" for session in (FIRST, second)
    ]
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        result = chain.run(ledger)
    assert chain.pushed == []
    assert [each.session.number for each in result.runs] == [2]


def test_a_session_after_another_run_of_the_kernel_does_not_get_that_runs_outputs(
    tmp_path: Path,
) -> None:
    chain = ChainOnKaggle({1: "1 of 3", 2: "2 of 3"})
    chain.saved_meanwhile = ["print a run of the user's"]
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        chain.run(ledger)
    assert chain.pushed == [(1, True), (2, False), (3, True)]


def test_a_chain_whose_job_leaves_a_state_too_large_to_read_is_not_finished(
    tmp_path: Path,
) -> None:
    chain = ChainOnKaggle({1: "x" * 1_000_001})
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger, pytest.raises(InvalidInput) as error:
        chain.run(ledger)
    assert error.value.code == "unfinished_unreadable"


def test_a_session_that_was_cancelled_elsewhere_before_it_began_ends_the_chain(
    tmp_path: Path,
) -> None:
    chain = ChainOnKaggle({1: "1 of 2"})
    chain.end = Status.CANCEL_ACKNOWLEDGED
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        assert chain.run(ledger).outcome is ChainOutcome.CANCELLED
    assert chain.pushed == [(1, True)]


def test_a_chain_waits_for_the_fate_of_a_push_whose_answer_was_lost(tmp_path: Path) -> None:
    chain = ChainOnKaggle({})
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        ledger.admit(intent_to_push(kernel=KERNEL), lambda pending: None)
        with pytest.raises(Refused) as error:
            chain.run(ledger)
    assert (error.value.code, chain.pushed) == ("answer_lost", [])
