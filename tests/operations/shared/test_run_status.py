"""One run's state, as Kaggle reports it now."""

from __future__ import annotations

import pytest
from support.local_setup import LocalSetup
from support.pushed_runs import KERNEL, push_script

from kitctl.domain.runs import RunName
from kitctl.errors import InvalidInput
from kitctl.operations.shared.find_run import find_run
from kitctl.operations.shared.run_status import read_status


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
    target = find_run(RunName(version=9), lambda: KERNEL, setup.kaggle, setup.ledger)
    with pytest.raises(InvalidInput) as caught:
        read_status(target, setup.kaggle, setup.ledger)
    assert caught.value.code == "not_found"
