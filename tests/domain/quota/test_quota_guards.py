"""What keeps a push from wasting hours; and what never stands in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.runs import HOUR, forecast, intent, run

from kitctl.domain.quota.quota import PoolReading, QuotaReading
from kitctl.domain.quota.quota_guards import quota_guard, saved_by_cancelling, sessions_guard
from kitctl.domain.runs.run import Facts, Forecast, Intent, Run, Status
from kitctl.domain.runs.weeks import week_of
from kitctl.errors import Refused, hint_text

WEEK = week_of(1_800_000_000.0)
NOW = WEEK.start + 48 * HOUR


def reading(used: float = 0, reserved: float = 0, allowed: float = 30) -> QuotaReading:
    """What Kaggle says, in hours; half of the TPU's."""
    pools = (
        PoolReading("gpu", used * HOUR, reserved * HOUR, allowed * HOUR),
        PoolReading("tpu", used * HOUR / 2, reserved * HOUR / 2, allowed * HOUR / 2),
    )
    return QuotaReading(NOW, WEEK.end, pools)


def expects(hours: float, spread: float = 0, **fields: object) -> Intent:
    """A push that is forecast to take so long, with a time-out that lies not far behind."""
    run_forecast = forecast(hours * HOUR, spread=spread * HOUR)
    return intent(**{"forecast": run_forecast, "limit_seconds": hours * HOUR + 60} | fields)


def without_past(limit: float, **fields: object) -> Intent:
    run_forecast = Forecast(
        seconds=limit * HOUR, low_seconds=0, high_seconds=limit * HOUR, basis="timeout"
    )
    return intent(forecast=run_forecast, limit_seconds=limit * HOUR, **fields)


def pending(hours: float, *, since: float | None = None, **fields: object) -> Run:
    """A run under way that is forecast to take so long; it runs since so many hours ago."""
    status = Status.QUEUED if since is None else Status.RUNNING
    started = None if since is None else NOW - since * HOUR
    return run(started, None, status=status, forecast=forecast(hours * HOUR), **fields)  # type: ignore[arg-type]


def warnings_of(
    intended: Intent, quota_reading: QuotaReading, *under_way: Run, now: float = NOW
) -> list[str]:
    return list(quota_guard(intended, quota_reading, now)(under_way))


FITS = [
    ("plenty is left", expects(2), reading(used=10), ()),
    ("just what is left", expects(2), reading(used=27.9), ()),
    ("a limit above 30 hours", expects(4), reading(used=31, allowed=38), ()),
    ("another pool's runs do not count", expects(2), reading(27.9), (pending(5, pool="tpu"),)),
    ("nor do those on the CPU", expects(2), reading(27.9), (pending(5, pool="cpu"),)),
    ("a run that has nearly done", expects(2), reading(26, 1.9), (pending(2, since=1.95),)),
    (
        "a run past its forecast takes no negative time",
        expects(1),
        reading(26, 2.5),
        (pending(2, since=2.5),),
    ),
    (
        "Kaggle reserves whole sessions: nothing on top",
        expects(2),
        reading(10, 12),
        (pending(6, since=1),),
    ),
]
DOES_NOT_FIT = [
    ("too little is left", expects(2), reading(used=28.5), ()),
    ("reserved hours are not left", expects(2), reading(used=20, reserved=8.5), ()),
    ("overdrawn", expects(0.1), reading(used=31), ()),
    ("without a past the whole session must fit", without_past(12), reading(used=20), ()),
    ("a run in the queue will need its own", expects(2), reading(25), (pending(4),)),
    (
        "so does a push under way",
        expects(2),
        reading(25),
        (run(status=Status.SENDING, version=None, forecast=forecast(4 * HOUR)),),
    ),
    ("a run goes on taking", expects(2), reading(24, 1), (pending(5, since=1),)),
    ("two together take what is left", expects(2), reading(24), (pending(2), pending(2.5))),
    ("TPU alike", expects(2, pool="tpu"), reading(used=28.5), ()),
]


@pytest.mark.parametrize(
    ("what", "intended", "quota_reading", "others"), FITS, ids=[case[0] for case in FITS]
)
def test_a_run_that_fits_passes(
    what: str, intended: Intent, quota_reading: QuotaReading, others: tuple[Run, ...]
) -> None:
    assert warnings_of(intended, quota_reading, *others) == []


@pytest.mark.parametrize(
    ("what", "intended", "quota_reading", "others"),
    DOES_NOT_FIT,
    ids=[case[0] for case in DOES_NOT_FIT],
)
def test_a_run_that_cannot_finish_in_the_hours_left_is_refused(
    what: str, intended: Intent, quota_reading: QuotaReading, others: tuple[Run, ...]
) -> None:
    with pytest.raises(Refused) as refused:
        warnings_of(intended, quota_reading, *others)
    assert refused.value.exit_code == 4
    assert refused.value.code == "quota_exceeded"
    assert "nothing was sent" in refused.value.message
    assert "--force" in hint_text(refused.value.hint)


def test_a_refusal_without_past_runs_names_a_timeout_that_fits() -> None:
    with pytest.raises(Refused) as refused:
        warnings_of(without_past(12), reading(used=27.5))
    assert "2 h 30 min" in refused.value.message
    assert "--timeout 2h30m" in hint_text(refused.value.hint)


def test_a_refusal_with_past_runs_names_the_epochs_that_fit() -> None:
    facts = Facts(epochs_done=30, epoch_seconds=360)
    past = run(0, 3.5 * HOUR, facts=facts, epochs=30)
    with pytest.raises(Refused) as refused:
        quota_guard(expects(3.5, epochs=30), reading(28), NOW, [past])(())
    assert "--set epochs=15" in hint_text(refused.value.hint)


@pytest.mark.parametrize("hours", [0.5, 12, 300])
def test_a_run_on_the_cpu_costs_nothing_and_is_never_refused(hours: float) -> None:
    on_cpu = expects(hours, pool="cpu", accelerator="")
    busy = [pending(9, pool="cpu") for _ in range(9)]
    assert warnings_of(on_cpu, reading(used=40), *busy) == []
    assert sessions_guard(on_cpu)([*busy, pending(3), pending(3)]) == []


def test_of_a_run_across_the_reset_only_the_first_part_must_fit_and_a_warning_says_so() -> None:
    late = WEEK.end - HOUR
    (warning,) = warnings_of(expects(3), reading(used=28.5), now=late)
    assert "resets in 1 h" in warning
    with pytest.raises(Refused):
        warnings_of(expects(3), reading(used=29.5), now=late)


def test_a_run_whose_longest_forecast_does_not_fit_passes_with_a_warning() -> None:
    warnings = warnings_of(expects(2, spread=0.5, limit_seconds=2.6 * HOUR), reading(used=27.8))
    assert any("may not finish" in warning for warning in warnings)


def test_a_timeout_longer_than_the_hours_left_gives_a_warning_with_one_that_fits() -> None:
    (warning,) = warnings_of(expects(2, limit_seconds=12 * HOUR), reading(used=25))
    assert "--timeout 5h" in warning
    assert warnings_of(expects(2, limit_seconds=5 * HOUR), reading(used=25)) == []


def test_a_run_that_comes_close_to_the_session_limit_gives_a_warning() -> None:
    run_forecast = forecast(12 * HOUR, spread=HOUR)
    (warning,) = warnings_of(intent(forecast=run_forecast), reading())
    assert "Kaggle ends it after 12 h" in warning


@pytest.mark.parametrize(("pool", "most"), [("gpu", 2), ("tpu", 1)])
def test_more_sessions_than_kaggle_runs_at_once_are_refused(pool: str, most: int) -> None:
    guard = sessions_guard(intent(pool=pool))
    running = [pending(1, since=0.5, pool=pool) for _ in range(most)]
    others = [pending(1, pool="cpu"), pending(1, pool="tpu" if pool == "gpu" else "gpu")]
    assert guard([*running[1:], *others]) == []
    with pytest.raises(Refused) as refused:
        guard(running)
    assert refused.value.code == "sessions_full"
    assert running[0].name in refused.value.message


def test_a_guard_that_used_an_estimate_says_so() -> None:
    (warning,) = warnings_of(expects(2), replace(reading(), estimated=True))
    assert "Kaggle did not say" in warning


def test_a_reading_without_the_pool_lets_every_run_pass() -> None:
    quota_reading = QuotaReading(NOW, None, ())
    assert warnings_of(expects(20), quota_reading) == []


@pytest.mark.parametrize(
    ("what", "cancelled", "hours"),
    [
        ("in the queue: all of it", pending(3), 3),
        ("running: the rest of it", pending(3, since=1), 2),
        ("running longer than its forecast: nothing", pending(3, since=4), 0),
        ("on the CPU: nothing", pending(3, since=1, pool="cpu"), 0),
        ("ended: nothing", run(NOW - HOUR, NOW), 0),
        ("without a forecast: up to its limit", run(NOW - HOUR, None, status=Status.RUNNING), 11),
    ],
)
def test_cancelling_saves_what_the_run_would_still_take(
    what: str, cancelled: Run, hours: float
) -> None:
    assert saved_by_cancelling(cancelled, NOW) == pytest.approx(hours * HOUR), what
