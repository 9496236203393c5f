"""`logs`: the log of a run, as far as it has come."""

from __future__ import annotations

import pytest
from support.local_kaggle import until
from support.local_setup import LocalSetup
from support.pushed_runs import push_script

from kitctl.operations.logs import read_log
from kitctl.ports import LogLine

NINE_LINES = "import time\nfor n in range(9): print(n, flush=True)\ntime.sleep(600)"


def test_a_log_is_read_as_far_as_it_has_come(setup: LocalSetup) -> None:
    target = push_script(setup, NINE_LINES)

    def last_two_lines() -> list[str]:
        texts: list[str] = []
        status = read_log(
            target, setup.kaggle, setup.ledger, lambda line: texts.append(line.text), tail=2
        )
        assert not status.status.ended
        return texts

    assert until(last_two_lines) == ["7", "8"]


class Seen(Exception):
    """A line was passed on."""


def test_a_line_is_passed_on_before_the_rest_is_read(setup: LocalSetup) -> None:
    target = push_script(setup, NINE_LINES)
    until(lambda: list(setup.kaggle.log_so_far(target.ref)))

    def on_line(line: LogLine) -> None:
        raise Seen(line.text)

    with pytest.raises(Seen, match="0"):
        read_log(target, setup.kaggle, setup.ledger, on_line)


def test_the_log_of_a_queued_run_is_empty_at_once(setup: LocalSetup) -> None:
    setup.server.settings(queue_seconds=600)
    target = push_script(setup, NINE_LINES)
    lines: list[LogLine] = []
    assert not read_log(target, setup.kaggle, setup.ledger, lines.append).status.ended
    assert (lines, setup.server.calls("logs")) == ([], 0)
