"""The quota on the screen, as a table and as a picture."""

from __future__ import annotations

import csv
import io
from datetime import UTC, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import HOUR

from kitctl.domain.quota.forecast import Accuracy
from kitctl.domain.quota.quota import Balance, KernelUse, PoolReading, QuotaReading, RunUse
from kitctl.domain.runs.run import Forecast, Status
from kitctl.domain.runs.run_times import TimeSource
from kitctl.domain.runs.weeks import last_weeks, week_of
from kitctl.operations.quota import QuotaReport, StillFits
from kitctl.render import streams
from kitctl.render.quota import draw_quota, hours, local_time
from kitctl.render.quota_bars import LEFT, OUTSIDE, RESERVED, USED, bar, cells, parts
from kitctl.render.quota_csv import write_weeks
from kitctl.render.quota_plot import plot_weeks

NOW = 1_800_000_000.0  # Friday 15 January 2027, 08:00 UTC
WEEK = week_of(NOW)


def week_balance(
    *kernels: float,
    outside: float | None = 0,
    reserved: float = 0,
    allowed: float = 30,
    pool: str = "gpu",
) -> Balance:
    """Return a week's balance; all numbers are hours, the positional ones each kernel's."""
    used = sum(kernels) + (outside or 0)
    return Balance(
        pool=pool,
        week=WEEK,
        used_seconds=used * HOUR,
        reserved_seconds=reserved * HOUR,
        allowed_seconds=allowed * HOUR,
        kernels=tuple(
            KernelUse(f"ada/kernel-{place}", spent * HOUR, runs=place + 1, saved_seconds=0.0)
            for place, spent in enumerate(kernels)
        ),
        outside_seconds=None if outside is None else outside * HOUR,
    )


def draw(
    *balances: Balance,
    estimated: bool = False,
    still_fits: StillFits | None = None,
    runs: tuple[RunUse, ...] = (),
    encoding: str = "utf-8",
) -> str:
    """Return the screen of a terminal 80 columns wide, without colour."""
    pools = tuple(PoolReading(one.pool, 0, 0, 0) for one in balances)
    report = QuotaReport(
        reading=QuotaReading(NOW, WEEK.end, pools, estimated),
        balances=balances,
        weeks=(balances,),
        runs=runs,
        still_fits=still_fits,
    )
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = streams.console(stream)
    console.width = 80
    with console.capture() as text:
        draw_quota(report, console)
    return streams.encodable(text.get(), stream)


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=12), st.integers(12, 200))
def test_the_cells_of_a_bar_fill_its_width(amounts: list[int], width: int) -> None:
    given_cells = cells(amounts, width)
    assert sum(given_cells) == (width if sum(amounts) else 0)
    for amount, count in zip(amounts, given_cells, strict=True):
        assert bool(amount) == bool(count)


def test_each_part_of_a_bar_has_its_share_of_the_cells() -> None:
    line = bar(parts(week_balance(10, 5, outside=5, reserved=2)), 60).plain
    assert line == USED * 30 + OUTSIDE * 10 + RESERVED * 4 + LEFT * 16


def test_an_overdrawn_week_is_a_full_bar_and_names_the_excess() -> None:
    over = week_balance(20, outside=11.5)
    assert LEFT not in bar(parts(over), 60).plain
    assert "over by 1.5 h of 30.0 h" in draw(over)


def test_the_smaller_kernels_share_a_line() -> None:
    text = draw(week_balance(*(9 - place for place in range(9)), allowed=60))
    assert "ada/kernel-5" in text
    assert "ada/kernel-6" not in text
    assert "3 more kernels" in text
    assert "6:00:00  24 runs" in text


def test_less_than_a_second_outside_is_not_worth_a_line() -> None:
    slightly = week_balance(12, outside=0.9 / 3600)
    assert "outside" not in draw(slightly)
    assert OUTSIDE not in bar(parts(slightly), 60).plain
    assert "outside" in draw(week_balance(12, outside=1.1 / 3600))


def test_an_estimate_is_marked_with_about() -> None:
    assert "about 28.0 h left" in draw(week_balance(2, outside=None), estimated=True)
    assert "about" not in draw(week_balance(2))


def test_the_run_under_way_is_named_beside_the_reserved_hours() -> None:
    use = RunUse(
        run="ada/cars/7",
        kernel="ada/cars",
        pool="gpu",
        status=Status.RUNNING,
        started_at=NOW - HOUR,
        ended_at=None,
        seconds=HOUR,
        total_seconds=HOUR,
        time_source=TimeSource.WATCHED,
        saved_seconds=0.0,
    )
    assert "running: ada/cars/7" in draw(week_balance(reserved=1), runs=(use,))
    assert "running outside kitctl" in draw(week_balance(reserved=1))


@pytest.mark.parametrize(
    ("fits", "sentence"),
    [
        (3, "3 more runs of ada/cars fit on the GPU: each takes about 2 h"),
        (1, "1 more run of ada/cars fits on the GPU"),
        (0, "No more run of ada/cars fits on the GPU"),
    ],
)
def test_how_many_more_runs_fit_is_a_sentence(fits: int, sentence: str) -> None:
    forecast = Forecast(
        seconds=2 * HOUR, low_seconds=1.9 * HOUR, high_seconds=2.1 * HOUR, basis="past"
    )
    still = StillFits("ada/cars", "gpu", forecast, fits, Accuracy(5, 0.07, 4))
    text = " ".join(draw(week_balance(2), still_fits=still).split())
    assert sentence in text
    assert "(1 h 54 min to 2 h 6 min)" in text
    assert "off by 7 %" in text


def test_without_past_runs_the_forecast_is_the_session_limit() -> None:
    forecast = Forecast(seconds=12 * HOUR, low_seconds=0, high_seconds=12 * HOUR, basis="timeout")
    still = StillFits("ada/cars", "gpu", forecast, 2, None)
    text = " ".join(draw(week_balance(2), still_fits=still).split())
    assert "2 more runs of ada/cars fit, should each take all of its 12 h" in text


def test_a_terminal_that_cannot_show_blocks_gets_ascii() -> None:
    text = draw(week_balance(10, outside=5, reserved=2), encoding="ascii")
    assert text.isascii()
    bar_line = text.splitlines()[1].strip()
    assert set(bar_line) == {"#", "=", "+", "."}


def test_two_hundred_kernels_fit_into_the_bar() -> None:
    line = bar(parts(week_balance(*([0.1] * 200), outside=5)), 40).plain
    assert len(line) == 40


def test_nothing_is_wider_than_the_terminal() -> None:
    text = draw(
        week_balance(*([3.3] * 7), outside=5, reserved=2), week_balance(pool="tpu", allowed=20)
    )
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (UTC, "Sat 28 Nov 00:00 UTC"),
        (ZoneInfo("Europe/Berlin"), "Sat 28 Nov 01:00 CET"),
        (ZoneInfo("America/New_York"), "Fri 27 Nov 19:00 EST"),
        (ZoneInfo("Asia/Kolkata"), "Sat 28 Nov 05:30 IST"),
        (timezone(timedelta(hours=-3), "BRT"), "Fri 27 Nov 21:00 BRT"),
    ],
)
def test_times_are_the_users_own_with_their_zone(zone: ZoneInfo, text: str) -> None:
    assert local_time(1795824000.0, zone) == text


def test_the_zone_is_the_one_in_force_at_that_time_not_now() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert local_time(1792886400.0 - 86400, berlin).endswith("CEST")
    assert local_time(1792886400.0 + 7 * 86400, berlin).endswith("CET")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 h"), (42, "42 s"), (1500, "25 min"), (HOUR, "1.0 h"), (-1800, "-30 min")],
)
def test_durations_below_an_hour_are_shown_in_minutes_or_seconds(seconds: float, text: str) -> None:
    assert hours(seconds) == text


def test_the_table_of_the_weeks_adds_up_to_the_limit(tmp_path: Path) -> None:
    balances = [week_balance(3, 4.5, outside=2, reserved=1), week_balance(20, outside=12)]
    write_weeks([[one] for one in balances], tmp_path / "weeks.csv")
    with (tmp_path / "weeks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    allowed = sum(float(row["seconds"]) for row in rows if row["part"] == "allowed")
    parts_sum = sum(float(row["seconds"]) for row in rows if row["part"] != "allowed")
    assert parts_sum == allowed == 60 * HOUR
    assert {row["kernel"] for row in rows} == {"", "ada/kernel-0", "ada/kernel-1"}
    assert rows[0]["week_starts_at"] == "2027-01-09T00:00:00Z"


def test_unknown_seconds_are_empty_in_the_table(tmp_path: Path) -> None:
    write_weeks([[week_balance(3, outside=None)]], tmp_path / "weeks.csv")
    lines = (tmp_path / "weeks.csv").read_text("utf-8").splitlines()
    assert "2027-01-09T00:00:00Z,gpu,outside,,,," in lines


def test_the_picture_has_a_panel_for_each_accelerator_in_use(tmp_path: Path) -> None:
    from matplotlib.image import imread

    weeks = [
        [week_balance(3, 5, outside=None), week_balance(pool="tpu", allowed=20)]
        for _ in last_weeks(WEEK, 4)
    ]
    plot_weeks(weeks, tmp_path / "gpu.png")
    weeks[-1] = [weeks[-1][0], week_balance(2, pool="tpu", allowed=20)]
    plot_weeks(weeks, tmp_path / "both.png")
    one, both = imread(tmp_path / "gpu.png"), imread(tmp_path / "both.png")
    assert both.shape[0] > 1.5 * one.shape[0]
    assert one.std() > 0.05


def test_a_picture_of_weeks_without_use_is_drawn(tmp_path: Path) -> None:
    plot_weeks([[week_balance(), week_balance(pool="tpu", allowed=20)]], tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000
