"""The settings in which runs differ."""

from __future__ import annotations

from kitctl.domain.results.differences import differing_settings


def test_only_settings_that_differ_are_named_with_the_value_of_each_run() -> None:
    runs = [{"rate": 0.1, "units": [6]}, {"rate": 0.2, "units": [6], "seed": 3}]
    assert differing_settings(runs) == {"rate": [0.1, 0.2], "seed": [None, 3]}


def test_runs_that_name_no_settings_differ_in_none() -> None:
    assert differing_settings([{}, {"rate": 0.1, "seed": 1}, {"rate": 0.2, "seed": 1}]) == {
        "rate": [None, 0.1, 0.2]
    }
    assert differing_settings([{"rate": 0.1}, {}]) == {}
