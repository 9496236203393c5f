"""The run that a command line names."""

from __future__ import annotations

import pytest
from support.jobs import intent_to_push
from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, push_script

from kitctl.domain.runs.run import KernelRef, RunName, RunRef
from kitctl.errors import InvalidInput, hint_text
from kitctl.operations.watching.find_run import TargetRun, find_run


def test_without_a_version_the_latest_run_of_the_ledger_is_found(setup: LocalSetup) -> None:
    for version in (1, 2):
        push_script(setup, f"print({version})", version)
    target = find_run(RunName(), lambda: KERNEL, setup.kaggle, setup.ledger, setup.reporter)
    assert str(target.ref) == "local/small-job/2" and target.record


def test_without_a_run_in_the_ledger_kaggles_newest_version_is_found(setup: LocalSetup) -> None:
    setup.server.push("elsewhere", "print(1)")
    kernel = KernelRef("local", "elsewhere")
    target = find_run(RunName(), lambda: kernel, setup.kaggle, setup.ledger, setup.reporter)
    assert target == TargetRun(RunRef(kernel, 1), None)


def test_a_project_without_runs_is_an_error(setup: LocalSetup) -> None:
    with pytest.raises(InvalidInput) as caught:
        find_run(RunName(), lambda: KERNEL, setup.kaggle, setup.ledger, setup.reporter)
    assert caught.value.code == "no_run"


def test_a_push_whose_answer_was_lost_is_found_once_kaggle_shows_it(setup: LocalSetup) -> None:
    intent = intent_to_push("print(1)", service="local", account="local", kernel=KERNEL)
    setup.ledger.admit(intent, lambda pending: None)
    with pytest.raises(InvalidInput) as caught:
        find_run(RunName(), lambda: KERNEL, setup.kaggle, setup.ledger, setup.reporter)
    assert "not known yet" in caught.value.message
    assert hint_text(caught.value.hint).startswith("kitctl runs")
    setup.server.push("small-job", "print(1)")
    target = find_run(RunName(), lambda: KERNEL, setup.kaggle, setup.ledger, setup.reporter)
    assert target.ref == RunRef(KERNEL, 1) and target.record


def test_the_local_kaggles_account_stands_in_for_the_owner_that_a_name_has(
    setup: LocalSetup,
) -> None:
    push_script(setup, "print(1)", 1)
    name = RunName.parse("alice/small-job/1")
    target = find_run(name, lambda: KERNEL, setup.kaggle, setup.ledger, setup.reporter)
    assert str(target.ref) == "local/small-job/1" and target.record
