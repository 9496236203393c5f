"""Pushes without a recorded answer: Kaggle knows what became of them."""

from __future__ import annotations

from pathlib import Path

from support.fake_kaggle import FakeKaggle
from support.jobs import intent_to_push, save_request
from support.local_setup import LocalSetup

from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.run import KernelRef
from kitctl.operations.watching.lost_pushes import settle_lost_pushes
from kitctl.ports import NullReporter

KERNEL = KernelRef("local", "small-job")


def test_an_intent_that_kaggle_did_not_accept_is_forgotten_after_a_while(setup: LocalSetup) -> None:
    pushed = setup.ledger.admit(
        intent_to_push(service="local", account="local", kernel=KERNEL), lambda pending: None
    )
    assert settle_lost_pushes(setup.kaggle, setup.ledger, setup.reporter) == []
    assert [run.id for run in setup.ledger.unfinished_runs("local", "local")] == [pushed.id]
    setup.ledger.record_lost_answer(pushed.id, setup.kaggle.now() - 1)
    assert settle_lost_pushes(setup.kaggle, setup.ledger, setup.reporter) == []
    assert setup.ledger.unfinished_runs("local", "local") == []


def test_two_intents_of_one_script_get_a_version_each(tmp_path: Path) -> None:
    kaggle, kernel = FakeKaggle(), KernelRef("ada", "car-or-truck")
    for _ in range(2):
        kaggle.save(save_request(kernel, "print(1)"))
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        for _ in range(3):
            ledger.admit(intent_to_push(), lambda pending: None)
        settled = settle_lost_pushes(kaggle, ledger, NullReporter())
        assert [run.version for run in settled] == [1, 2]
