"""What keeps a push from wasting hours; and what never stands in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.runs import HOUR, forecast, intent, run

from kitctl.domain.quota import PoolReading, QuotaReading
from kitctl.domain.quota_guards import quota_guard, saved_by_cancelling, sessions_guard
from kitctl.domain.runs import Facts, Forecast, Intent, Run, Status
from kitctl.domain.weeks import week_of
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


def wants(hours: float, spread: float = 0, **told: object) -> Intent:
    """A push that is forecast to take so long, with a time-out that lies not far behind."""
    said = forecast(hours * HOUR, spread=spread * HOUR)
    return intent(**{"forecast": said, "limit_seconds": hours * HOUR + 60} | told)


def unforeseen(limit: float, **told: object) -> Intent:
    said = Forecast(seconds=limit * HOUR, low_seconds=0, high_seconds=limit * HOUR, basis="timeout")
    return intent(forecast=said, limit_seconds=limit * HOUR, **told)


def pending(hours: float, *, since: float | None = None, **told: object) -> Run:
    """A run under way that is forecast to take so long; it runs since so many hours ago."""
    status = Status.QUEUED if since is None else Status.RUNNING
    started = None if since is None else NOW - since * HOUR
    return run(started, None, status=status, forecast=forecast(hours * HOUR), **told)  # type: ignore[arg-type]


def judge(wanted: Intent, said: QuotaReading, *under_way: Run, now: float = NOW) -> list[str]:
    return list(quota_guard(wanted, said, now)(under_way))


FITS = [
    ("plenty is left", wants(2), reading(used=10), ()),
    ("just what is left", wants(2), reading(used=27.9), ()),
    ("a limit above 30 hours", wants(4), reading(used=31, allowed=38), ()),
    ("another pool's runs do not count", wants(2), reading(27.9), (pending(5, pool="tpu"),)),
    ("nor do those on the CPU", wants(2), reading(27.9), (pending(5, pool="cpu"),)),
    ("a run that has nearly done", wants(2), reading(26, 1.9), (pending(2, since=1.95),)),
    (
        "a run past its forecast takes no negative time",
        wants(1),
        reading(26, 2.5),
        (pending(2, since=2.5),),
    ),
    (
        "Kaggle reserves whole sessions: nothing on top",
        wants(2),
        reading(10, 12),
        (pending(6, since=1),),
    ),
]
DOES_NOT_FIT = [
    ("too little is left", wants(2), reading(used=28.5), ()),
    ("reserved hours are not left", wants(2), reading(used=20, reserved=8.5), ()),
    ("overdrawn", wants(0.1), reading(used=31), ()),
    ("without a past the whole session must fit", unforeseen(12), reading(used=20), ()),
    ("a run in the queue will need its own", wants(2), reading(25), (pending(4),)),
    (
        "so does a push under way",
        wants(2),
        reading(25),
        (run(status=Status.SENDING, version=None, forecast=forecast(4 * HOUR)),),
    ),
    ("a run goes on taking", wants(2), reading(24, 1), (pending(5, since=1),)),
    ("two together take what is left", wants(2), reading(24), (pending(2), pending(2.5))),
    ("TPU alike", wants(2, pool="tpu"), reading(used=28.5), ()),
]


@pytest.mark.parametrize(("what", "wanted", "said", "others"), FITS, ids=[case[0] for case in FITS])
def test_a_run_that_fits_is_let_through(
    what: str, wanted: Intent, said: QuotaReading, others: tuple[Run, ...]
) -> None:
    assert judge(wanted, said, *others) == []


@pytest.mark.parametrize(
    ("what", "wanted", "said", "others"), DOES_NOT_FIT, ids=[case[0] for case in DOES_NOT_FIT]
)
def test_a_run_that_cannot_finish_in_what_is_left_is_refused(
    what: str, wanted: Intent, said: QuotaReading, others: tuple[Run, ...]
) -> None:
    with pytest.raises(Refused) as refused:
        judge(wanted, said, *others)
    assert refused.value.exit_code == 4
    assert refused.value.code == "quota_exceeded"
    assert "nothing was sent" in refused.value.message
    assert "--force" in hint_text(refused.value.hint)


def test_a_refusal_names_a_timeout_that_fits_where_there_is_no_past() -> None:
    with pytest.raises(Refused) as refused:
        judge(unforeseen(12), reading(used=27.5))
    assert "2 h 30 min" in refused.value.message
    assert "--timeout 2h30m" in hint_text(refused.value.hint)


def test_a_refusal_names_the_epochs_that_fit_where_past_runs_tell() -> None:
    facts = Facts(epochs_done=30, epoch_seconds=360)
    past = run(0, 3.5 * HOUR, facts=facts, epochs=30)
    with pytest.raises(Refused) as refused:
        quota_guard(wants(3.5, epochs=30), reading(28), NOW, [past])(())
    assert "--set epochs=15" in hint_text(refused.value.hint)


@pytest.mark.parametrize("hours", [0.5, 12, 300])
def test_a_run_on_the_cpu_costs_nothing_and_is_never_refused(hours: float) -> None:
    on_cpu = wants(hours, pool="cpu", accelerator="")
    busy = [pending(9, pool="cpu") for _ in range(9)]
    assert judge(on_cpu, reading(used=40), *busy) == []
    assert sessions_guard(on_cpu)([*busy, pending(3), pending(3)]) == []


def test_a_run_across_the_reset_needs_only_its_first_part_and_says_so() -> None:
    late = WEEK.end - HOUR
    (warning,) = judge(wants(3), reading(used=28.5), now=late)
    assert "resets in 1 h" in warning
    with pytest.raises(Refused):
        judge(wants(3), reading(used=29.5), now=late)


def test_a_forecast_whose_worst_does_not_fit_is_let_through_with_a_warning() -> None:
    warnings = judge(wants(2, spread=0.5, limit_seconds=2.6 * HOUR), reading(used=27.8))
    assert any("may not finish" in warning for warning in warnings)


def test_a_time_out_longer_than_what_is_left_is_warned_of_with_one_that_is_not() -> None:
    (warning,) = judge(wants(2, limit_seconds=12 * HOUR), reading(used=25))
    assert "--timeout 5h" in warning
    assert judge(wants(2, limit_seconds=5 * HOUR), reading(used=25)) == []


def test_a_run_that_comes_close_to_the_sessions_end_is_warned_of() -> None:
    said = forecast(12 * HOUR, spread=HOUR)
    (warning,) = judge(intent(forecast=said), reading())
    assert "Kaggle ends it after 12 h" in warning


@pytest.mark.parametrize(("pool", "most"), [("gpu", 2), ("tpu", 1)])
def test_no_more_sessions_than_kaggle_runs_at_once(pool: str, most: int) -> None:
    guard = sessions_guard(intent(pool=pool))
    running = [pending(1, since=0.5, pool=pool) for _ in range(most)]
    others = [pending(1, pool="cpu"), pending(1, pool="tpu" if pool == "gpu" else "gpu")]
    assert guard([*running[1:], *others]) == []
    with pytest.raises(Refused) as refused:
        guard(running)
    assert refused.value.code == "sessions_full"
    assert running[0].name in refused.value.message


def test_a_push_that_was_judged_by_an_estimate_says_so() -> None:
    (warning,) = judge(wants(2), replace(reading(), estimated=True))
    assert "Kaggle did not say" in warning


def test_a_reading_without_the_pool_judges_nothing() -> None:
    said = QuotaReading(NOW, None, ())
    assert judge(wants(20), said) == []


@pytest.mark.parametrize(
    ("what", "cancelled", "hours"),
    [
        ("in the queue: all of it", pending(3), 3),
        ("running: the rest of it", pending(3, since=1), 2),
        ("running past its forecast: nothing that is foreseen", pending(3, since=4), 0),
        ("on the CPU: nothing", pending(3, since=1, pool="cpu"), 0),
        ("ended: nothing", run(NOW - HOUR, NOW), 0),
        ("without a forecast: up to its limit", run(NOW - HOUR, None, status=Status.RUNNING), 11),
    ],
)
def test_cancelling_gives_back_what_the_run_would_still_take(
    what: str, cancelled: Run, hours: float
) -> None:
    assert saved_by_cancelling(cancelled, NOW) == pytest.approx(hours * HOUR), what
