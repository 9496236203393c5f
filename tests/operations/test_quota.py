"""The quota against the local Kaggle with its clock set: every figure equals the server's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle, until
from support.runs import HOUR, forecast, intent

from kitctl.adapters.kaggle import KaggleApi, connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs import Facts, KernelRef, Run
from kitctl.domain.weeks import seconds_of
from kitctl.errors import NetworkFailed
from kitctl.operations.quota import QuotaReport, show_quota
from kitctl.operations.shared.next_run import NextRun
from kitctl.operations.shared.prefetch import prefetch

T4 = "NvidiaTeslaT4"
TPU = "TpuV5E8"

ASKED = (
    "IntrospectToken",
    "GetAcceleratorQuotaStatistics",
    "GetKernelSessionStatus",
    "ListKernelSessionOutput",
)

SLEEPS = "import time\nprint('session 1', flush=True)\ntime.sleep(600)\n"


@dataclass
class Books:
    """A local Kaggle, and this user's ledger of what was pushed to it."""

    server: LocalKaggle
    kaggle: KaggleApi
    ledger: SqliteLedger

    def ran(self, slug: str, start: str, end: str, *, shape: str = T4, known: bool = True) -> None:
        """A run that ended, unwatched: Kaggle has it, and the ledger knows that it was pushed."""
        length = seconds_of(datetime.fromisoformat(end)) - seconds_of(datetime.fromisoformat(start))
        seeded = self.server.seed(
            slug,
            machineShape=shape,
            startedAt=start,
            endedAt=end,
            log=[{"stream_name": "stdout", "time": length, "data": "done\n"}],
        )
        if known:
            self.pushed(slug, seeded["version"], start, shape=shape)

    def pushed(self, slug: str, version: int, at: str, *, shape: str = T4, **told: object) -> Run:
        kernel = KernelRef("local", slug)
        pool = "tpu" if shape == TPU else "gpu" if shape else "cpu"
        when = seconds_of(datetime.fromisoformat(at))
        written = self.ledger.admit(
            intent(
                service="local",
                account="local",
                kernel=kernel,
                accelerator=shape,
                pool=pool,
                written_at=when,
                **told,
            ),
            lambda _: None,
        )
        return self.ledger.record_version(written.id, kernel, version, when)

    def goes_on(self, slug: str, timeout_seconds: int) -> Run:
        """A run that goes on until it is cancelled or its time is up."""
        saved = self.server.push(
            slug, SLEEPS, machineShape=T4, sessionTimeoutSeconds=timeout_seconds
        )
        run = self.pushed(slug, saved["versionNumber"], self.server.now())
        until(lambda: self.server.status(slug, run.version) == "RUNNING")
        # Its only line must come before the clock is moved, or it seems to have come hours later.
        with self.server.open(f"/api/v1/kernels/logs/stream/local/{slug}") as events:
            assert any(b"session 1" in event for event in events)
        return run

    def report(self, **how: object) -> QuotaReport:
        return show_quota(self.kaggle, self.ledger, **how)  # type: ignore[arg-type]

    def answered(self, pool: str) -> tuple[float, float, float]:
        """Used, reserved and allowed seconds, as the server itself answers."""
        quota = self.server.call("GetAcceleratorQuotaStatistics")[f"{pool}Quota"]
        used, reserved, allowed = (
            float(quota[name].removesuffix("s"))
            for name in ("timeUsed", "timeReserved", "totalTimeAllowed")
        )
        return used, reserved, allowed


@pytest.fixture
def books(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Books]:
    local_kaggle.set_clock("2026-11-25T12:00:00Z")
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=3)
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        yield Books(local_kaggle, kaggle, ledger)


def kernels(report: QuotaReport, pool: str = "gpu") -> dict[str, float]:
    (one,) = (one for one in report.balances if one.pool == pool)
    return {use.kernel: use.seconds / HOUR for use in one.kernels}


def test_a_week_of_mixed_runs_is_booked_to_the_second_and_saturday_starts_anew(
    books: Books,
) -> None:
    books.ran("cars", "2026-11-20T23:00:00Z", "2026-11-21T01:30:00Z")  # across the reset
    books.ran("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    books.ran("cars", "2026-11-23T10:00:00Z", "2026-11-23T13:00:00Z")  # a rerun
    books.ran("solar", "2026-11-24T08:00:00Z", "2026-11-24T08:45:00Z")
    books.ran("tensor", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", shape=TPU)
    books.ran("plain", "2026-11-24T09:00:00Z", "2026-11-24T19:00:00Z", shape="")
    books.ran("by-hand", "2026-11-24T20:00:00Z", "2026-11-24T20:30:00Z", known=False)
    books.server.use_elsewhere("gpu", "2026-11-25T01:00:00Z", "2026-11-25T03:00:00Z")

    report = books.report()
    gpu, tpu = report.balances
    assert kernels(report) == {"local/cars": 6.5, "local/solar": 0.75}
    assert gpu.outside_seconds == 2.5 * HOUR
    assert kernels(report, "tpu") == {"local/tensor": 1.0}
    for one in (gpu, tpu):
        said = (one.used_seconds, one.reserved_seconds, one.allowed_seconds)
        assert said == books.answered(one.pool)
        assert one.left_seconds == one.allowed_seconds - one.used_seconds
    assert report.as_data()["outside_seconds"] == 2.5 * HOUR
    assert report.as_data()["resets_at"].isoformat() == "2026-11-28T00:00:00+00:00"

    books.server.set_clock("2026-11-28T00:00:00Z")
    report = books.report(weeks=2)
    (gpu, tpu), (last_gpu, last_tpu) = report.balances, report.weeks[0]
    assert (gpu.used_seconds, gpu.outside_seconds, gpu.kernels) == (0, 0, ())
    assert gpu.left_seconds == 30 * HOUR
    assert report.as_data()["resets_at"].isoformat() == "2026-12-05T00:00:00+00:00"
    assert (last_gpu.used_seconds, last_gpu.outside_seconds) == (9.75 * HOUR, 2.5 * HOUR)
    assert last_tpu.used_seconds == HOUR


def test_runs_nobody_watched_are_completed_and_settled_runs_cost_no_request(books: Books) -> None:
    for day in (21, 22, 23):
        books.ran("cars", f"2026-11-{day}T10:00:00Z", f"2026-11-{day}T11:00:00Z")
    assert {use.time_source for use in books.report().runs} == {"log"}
    asked = books.server.calls("GetKernelSessionStatus")
    assert asked == 3
    books.report()
    assert books.server.calls("GetKernelSessionStatus") == asked
    assert books.server.calls("ListKernelSessionOutput") == 3


def test_what_a_pull_learned_beats_what_the_log_told(books: Books) -> None:
    books.ran("cars", "2026-11-22T10:10:00Z", "2026-11-22T11:10:00Z")
    books.report()
    (run,) = books.ledger.runs("local", "local")
    start = seconds_of(datetime.fromisoformat("2026-11-22T10:10:20Z"))
    books.ledger.update_facts(
        run.id, Facts(program_started_at=start, program_ended_at=start + 3590, saved_seconds=900)
    )
    report = books.report()
    (use,) = report.runs
    assert (use.time_source, use.started_at, use.seconds) == ("output", start, 3590)
    assert report.saved_seconds == 900


def test_a_running_run_is_reserved_and_used_once_it_ended(books: Books) -> None:
    books.report()
    run = books.goes_on("car-runs", timeout_seconds=7200)
    books.report()  # sees it running, at once
    books.server.advance(3600)
    report = books.report()
    (gpu, _), (use,) = report.balances, report.runs
    assert gpu.kernels == ()
    assert gpu.reserved_seconds == pytest.approx(3600, abs=10)
    assert (use.run, use.ended_at) == (run.name, None)
    assert use.seconds == pytest.approx(gpu.reserved_seconds, abs=10)

    books.server.advance(3700)
    until(lambda: books.server.status("car-runs", 1) == "CANCEL_ACKNOWLEDGED")
    gpu, _ = (report := books.report()).balances
    assert gpu.used_seconds == books.answered("gpu")[0]
    assert gpu.reserved_seconds == 0
    assert sum(kernels(report).values()) == pytest.approx(2, abs=0.05)


def test_a_limit_above_thirty_hours_is_read(books: Books) -> None:
    books.server.settings(gpu_allowed_seconds=38 * HOUR)
    books.server.use_elsewhere("gpu", "2026-11-22T00:00:00Z", "2026-11-23T10:00:00Z")
    gpu, _ = books.report().balances
    assert (gpu.used_seconds, gpu.left_seconds) == (34 * HOUR, 4 * HOUR)


@pytest.mark.parametrize("status", [503, 403, 401])
def test_where_kaggle_gives_no_figure_the_ledgers_own_sum_stands_in(
    books: Books, status: int
) -> None:
    books.server.settings(gpu_allowed_seconds=36 * HOUR)
    books.ran("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    books.server.use_elsewhere("gpu", "2026-11-25T01:00:00Z", "2026-11-25T03:00:00Z")
    books.report()
    books.server.fault("status", "GetAcceleratorQuotaStatistics", status=status, count=30)
    report = books.report()
    gpu, tpu = report.balances
    assert report.as_data()["source"] == "ledger"
    assert report.unread is not None
    assert (gpu.used_seconds, gpu.outside_seconds) == (2 * HOUR, None)
    assert (gpu.allowed_seconds, gpu.left_seconds) == (36 * HOUR, 34 * HOUR)
    assert tpu.left_seconds == 20 * HOUR


def test_offline_the_account_whose_books_they_are_is_remembered(
    books: Books, tmp_path: Path
) -> None:
    books.ran("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    books.report()
    offline = connect_local("http://127.0.0.1:9", "token", total_seconds=0.1)
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        week_later = show_quota(offline, ledger, weeks=30)
        assert week_later.reading.estimated
        assert sum(len(week[0].kernels) for week in week_later.weeks) <= 1
    with SqliteLedger(tmp_path / "new.sqlite") as empty, pytest.raises(NetworkFailed):
        show_quota(offline, empty)


def test_how_many_more_runs_of_this_job_fit(books: Books) -> None:
    job = NextRun("", "cars", "gpu", T4, 12 * HOUR, {})
    still = books.report(job=job).still_fits
    assert still is not None
    assert (still.kernel, still.forecast.basis, still.fits) == ("local/cars", "timeout", 2)

    books.ran("cars", "2026-11-22T10:00:00Z", "2026-11-22T14:00:00Z")
    books.ran("cars", "2026-11-23T10:00:00Z", "2026-11-23T14:00:00Z")
    still = books.report(job=job).still_fits
    assert still is not None
    assert (still.forecast.seconds, still.fits) == (4 * HOUR, 5)
    books.pushed("other", 1, "2026-11-25T12:00:00Z", forecast=forecast(4 * HOUR))
    still = books.report(job=job).still_fits
    assert still is not None
    assert still.fits == 4
    on_cpu = NextRun("", "cars", "cpu", "", 12 * HOUR, {})
    assert books.report(job=on_cpu).still_fits is None


def test_the_readings_of_past_weeks_are_kept_with_what_was_outside(books: Books) -> None:
    books.server.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T05:00:00Z")
    books.report()
    books.server.set_clock("2026-12-09T12:00:00Z")
    books.report()
    weeks = books.report(weeks=4).weeks
    assert [week[0].used_seconds / HOUR for week in weeks] == [0, 5, 0, 0]
    assert [week[0].outside_seconds for week in weeks] == [None, 5 * HOUR, None, 0]


def test_a_quota_asks_kaggle_no_more_than_it_must(books: Books) -> None:
    books.ran("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    books.report()
    before = {name: books.server.calls(name) for name in ASKED}
    with prefetch(books.kaggle.quota) as early:
        books.report(prefetched=early)
    assert {name: books.server.calls(name) - before[name] for name in ASKED} == {
        "IntrospectToken": 0,  # asked once for each command
        "GetAcceleratorQuotaStatistics": 1,
        "GetKernelSessionStatus": 0,
        "ListKernelSessionOutput": 0,
    }


def test_what_ended_after_an_early_reading_is_read_anew(books: Books) -> None:
    run = books.goes_on("goes-on", timeout_seconds=3600)
    early = books.kaggle.quota()
    books.server.advance(7200)
    until(lambda: books.server.status("goes-on", run.version) == "CANCEL_ACKNOWLEDGED")
    (gpu, _) = books.report(prefetched=lambda: early).balances
    assert (gpu.used_seconds, gpu.reserved_seconds) == books.answered("gpu")[:2]
    assert gpu.used_seconds >= 3600
