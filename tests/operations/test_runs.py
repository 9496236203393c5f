"""`runs`: the runs in the ledger, newest first."""

from __future__ import annotations

from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, push_script

from kitctl.domain.runs.run import Status
from kitctl.operations.runs import list_runs


def test_runs_are_brought_up_to_date_and_listed_newest_first(setup: LocalSetup) -> None:
    for version, script in ((1, "print(1)"), (2, "raise SystemExit(1)")):
        push_script(setup, script, version)
        setup.server.wait("small-job", version)
    result = list_runs(setup.kaggle, setup.ledger, setup.reporter, kernel=KERNEL)
    assert [(run.version, run.status) for run in result.runs] == [
        (2, Status.ERROR),
        (1, Status.COMPLETE),
    ]
    failed = list_runs(
        setup.kaggle, setup.ledger, setup.reporter, kernel=None, statuses=[Status.ERROR], limit=5
    )
    assert [row["version"] for row in failed.as_data()["runs"]] == [2]


def test_runs_are_listed_as_last_recorded_where_kaggle_does_not_answer(setup: LocalSetup) -> None:
    push_script(setup, "print(1)")
    setup.server.fault("status", "*", status=404, count=None)
    result = list_runs(setup.kaggle, setup.ledger, setup.reporter, kernel=KERNEL)
    assert [run.version for run in result.runs] == [1]
