"""The log of a session of several trials: each has the lines between its own borders."""

from __future__ import annotations

import pytest

from kitctl.domain.results.session_log import SessionLog

LINES = [
    (0, "session 31415"),
    (100, "kitctl: trial 7 begins"),
    (110, "epoch 1/10 val_loss 0.9"),
    (120, "epoch 2/10 val_loss 0.8"),
    (121, "kitctl: trial 7 ended with exit code 1"),
    (122, "val_loss 5"),
    (200, "kitctl: trial 8 begins"),
    (201, "kitctl: trial 99 begins"),
    (230, "epoch 1/10 val_loss 0.7"),
]


def test_each_trial_has_the_part_of_the_log_between_its_borders() -> None:
    log = SessionLog("val_loss", [7, 8, 9])
    for time, text in LINES:
        log.read(time, text)
    curves = {number: dict(each.whole_curve) for number, each in log.trials.items()}
    assert curves == {7: {1: 0.9, 2: 0.8}, 8: {1: 0.7}, 9: {}}
    assert [log.has_begun(number) for number in (7, 8, 9)] == [True, True, False]
    assert log.exit_codes == {7: 1}
    # Of its own seconds: an epoch takes 30.
    assert log.trials[8].expected_seconds == pytest.approx(300)


def test_the_log_of_a_session_with_one_trial_is_all_of_that() -> None:
    log = SessionLog("val_loss", [7])
    for time, text in LINES:
        log.read(time, text)
    assert dict(log.trials[7].whole_curve) == {1: 0.7, 2: 5.0}
    assert log.has_begun(7)
