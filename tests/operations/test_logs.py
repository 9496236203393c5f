"""`logs`: the log of a run, as far as it has come."""

from __future__ import annotations

from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.pushed_runs import push_script

from kitctl.operations.logs import Log, read_log


def test_a_log_is_read_as_far_as_it_has_come(setup: LocalSetup) -> None:
    target = push_script(
        setup, "import time\nfor n in range(9): print(n, flush=True)\ntime.sleep(600)"
    )

    def last_two_lines() -> Log | None:
        log = read_log(target, setup.kaggle, setup.ledger, tail=2)
        return log if log.lines else None

    log = until(last_two_lines)
    assert log is not None
    assert [line.text for line in log.lines] == ["7", "8"]
    assert not log.status.status.ended
