"""One run's state, as Kaggle reports it now."""

from __future__ import annotations

import pytest
from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, push_script

from kitctl.domain.runs.run import GONE_SECONDS, NOT_SHOWN_SECONDS, RunName, Status
from kitctl.errors import InvalidInput, RunFailed
from kitctl.operations.watching.find_run import TargetRun, find_run
from kitctl.operations.watching.reconcile import reconcile
from kitctl.operations.watching.run_status import read_status


def test_the_status_is_that_of_the_version_though_kaggle_shows_the_last_one(
    setup: LocalSetup,
) -> None:
    push_script(setup, "print(1)")
    setup.server.wait("small-job")
    setup.server.settings(status_lag_seconds=600)
    second = push_script(setup, "import time; time.sleep(600)", version=2)
    assert not read_status(second, setup.kaggle, setup.ledger).status.ended


def test_a_run_that_kaggle_does_not_show_is_an_error(setup: LocalSetup) -> None:
    push_script(setup, "print(1)")
    target = find_run(
        RunName(version=9), lambda: KERNEL, setup.kaggle, setup.ledger, setup.reporter
    )
    with pytest.raises(InvalidInput) as caught:
        read_status(target, setup.kaggle, setup.ledger)
    assert caught.value.code == "not_found"


def record_of(setup: LocalSetup, target: TargetRun) -> TargetRun:
    """Return the run with its record as the ledger has it now."""
    return TargetRun(target.ref, setup.ledger.get("local", target.ref))


@pytest.mark.parametrize("status", [403, 404])
def test_a_run_that_was_pushed_a_moment_ago_is_queued_where_kaggle_does_not_show_it(
    setup: LocalSetup, status: int
) -> None:
    setup.server.hide_new_versions(600, status)
    target = push_script(setup, "print(1)")
    shown = read_status(target, setup.kaggle, setup.ledger)
    assert (shown.status, shown.is_shown, shown.failure) == (Status.QUEUED, False, None)
    setup.server.advance(700)
    shown = read_status(record_of(setup, target), setup.kaggle, setup.ledger)
    assert shown.is_shown and shown.status is not Status.QUEUED


def test_a_401_for_an_active_token_is_no_reason_to_give_up_a_run(setup: LocalSetup) -> None:
    target = push_script(setup, "import time; time.sleep(600)")
    setup.server.answer("GetKernelSessionStatus", b'{"code": 401, "message": "no"}', 401)
    assert read_status(target, setup.kaggle, setup.ledger).status is Status.QUEUED


def test_a_push_that_never_starts_leaves_the_accounts_after_minutes(setup: LocalSetup) -> None:
    setup.server.take_pushes_without_runs()
    target = push_script(setup, "print(1)")
    for _ in range(2):
        reconcile(setup.kaggle, setup.ledger, setup.reporter)
        assert setup.ledger.unfinished_runs("local", "local")
        setup.server.advance(NOT_SHOWN_SECONDS / 2 + 1)
        setup.kaggle.quota()
    shown = read_status(record_of(setup, target), setup.kaggle, setup.ledger)
    assert shown.status is Status.NEW_SCRIPT and isinstance(shown.failure, RunFailed)
    assert shown.running_seconds == 0.0
    assert setup.ledger.unfinished_runs("local", "local") == []


def test_a_run_that_was_deleted_leaves_the_accounts_after_minutes(setup: LocalSetup) -> None:
    target = push_script(setup, "import time; time.sleep(600)")
    reconcile(setup.kaggle, setup.ledger, setup.reporter)
    setup.server.advance(NOT_SHOWN_SECONDS + 60)
    reconcile(setup.kaggle, setup.ledger, setup.reporter)
    setup.server.call("DeleteKernel", userName="local", kernelSlug="small-job")
    reconcile(setup.kaggle, setup.ledger, setup.reporter)
    assert setup.ledger.unfinished_runs("local", "local"), "one moment proves nothing"
    setup.server.advance(GONE_SECONDS + 1)
    setup.kaggle.quota()
    reconcile(setup.kaggle, setup.ledger, setup.reporter)
    assert setup.ledger.unfinished_runs("local", "local") == []
    record = record_of(setup, target).record
    assert record and record.status is Status.CANCEL_ACKNOWLEDGED
