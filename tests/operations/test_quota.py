"""`quota` against the local Kaggle with its clock set: every figure equals the server's."""

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
from kitctl.domain.runs.run import Facts, KernelRef, Run
from kitctl.domain.runs.weeks import seconds_of
from kitctl.errors import NetworkFailed
from kitctl.operations.hours.next_run import NextRun
from kitctl.operations.prefetch import prefetch
from kitctl.operations.quota import QuotaReport, show_quota
from kitctl.ports import NullReporter

T4 = "NvidiaTeslaT4"
TPU = "TpuV5E8"

METHODS = (
    "IntrospectToken",
    "GetAcceleratorQuotaStatistics",
    "GetKernelSessionStatus",
    "ListKernelSessionOutput",
)

SLEEPS = "import time\nprint('session 1', flush=True)\ntime.sleep(600)\n"


@dataclass
class QuotaSetup:
    """A local Kaggle, and the ledger of what was pushed to it."""

    server: LocalKaggle
    kaggle: KaggleApi
    ledger: SqliteLedger

    def add_ended(
        self, slug: str, start: str, end: str, *, shape: str = T4, recorded: bool = True
    ) -> None:
        """Add a run that ended unwatched; unless it is `recorded`, the ledger has no push of it."""
        length = seconds_of(datetime.fromisoformat(end)) - seconds_of(datetime.fromisoformat(start))
        seeded = self.server.seed(
            slug,
            machineShape=shape,
            startedAt=start,
            endedAt=end,
            log=[{"stream_name": "stdout", "time": length, "data": "done\n"}],
        )
        if recorded:
            self.record_push(slug, seeded["version"], start, shape=shape)

    def record_push(
        self, slug: str, version: int, at: str, *, shape: str = T4, **fields: object
    ) -> Run:
        """Record a push in the ledger."""
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
                **fields,
            ),
            lambda _: None,
        )
        return self.ledger.record_version(written.id, kernel, version, when)

    def start(self, slug: str, timeout_seconds: int) -> Run:
        """Start a run that lasts until it is cancelled or times out."""
        saved = self.server.push(
            slug, SLEEPS, machineShape=T4, sessionTimeoutSeconds=timeout_seconds
        )
        run = self.record_push(slug, saved["versionNumber"], self.server.now())
        until(lambda: self.server.status(slug, run.version) == "RUNNING")
        # Its only line must come before the clock is moved, or its time would be hours later.
        with self.server.open(f"/api/v1/kernels/logs/stream/local/{slug}") as events:
            assert any(b"session 1" in event for event in events)
        return run

    def report(self, **options: object) -> QuotaReport:
        return show_quota(self.kaggle, self.ledger, NullReporter(), **options)  # type: ignore[arg-type]

    def server_quota(self, pool: str) -> tuple[float, float, float]:
        """Return the used, reserved and allowed seconds of the server itself."""
        statistics = self.server.call("GetAcceleratorQuotaStatistics")[f"{pool}Quota"]
        used, reserved, allowed = (
            float(statistics[name].removesuffix("s"))
            for name in ("timeUsed", "timeReserved", "totalTimeAllowed")
        )
        return used, reserved, allowed


@pytest.fixture
def quota(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[QuotaSetup]:
    local_kaggle.set_clock("2026-11-25T12:00:00Z")
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=3)
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        yield QuotaSetup(local_kaggle, kaggle, ledger)


def kernels(report: QuotaReport, pool: str = "gpu") -> dict[str, float]:
    (balance,) = (balance for balance in report.balances if balance.pool == pool)
    return {use.kernel: use.seconds / HOUR for use in balance.kernels}


def test_a_week_of_mixed_runs_is_counted_to_the_second_and_resets_on_saturday(
    quota: QuotaSetup,
) -> None:
    quota.add_ended("cars", "2026-11-20T23:00:00Z", "2026-11-21T01:30:00Z")  # across the reset
    quota.add_ended("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    quota.add_ended("cars", "2026-11-23T10:00:00Z", "2026-11-23T13:00:00Z")  # a rerun
    quota.add_ended("solar", "2026-11-24T08:00:00Z", "2026-11-24T08:45:00Z")
    quota.add_ended("tensor", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", shape=TPU)
    quota.add_ended("plain", "2026-11-24T09:00:00Z", "2026-11-24T19:00:00Z", shape="")
    quota.add_ended("by-hand", "2026-11-24T20:00:00Z", "2026-11-24T20:30:00Z", recorded=False)
    quota.server.use_elsewhere("gpu", "2026-11-25T01:00:00Z", "2026-11-25T03:00:00Z")

    report = quota.report()
    gpu, tpu = report.balances
    assert kernels(report) == {"local/cars": 6.5, "local/solar": 0.75}
    assert gpu.outside_seconds == 2.5 * HOUR
    assert kernels(report, "tpu") == {"local/tensor": 1.0}
    for balance in (gpu, tpu):
        assert quota.server_quota(balance.pool) == (
            balance.used_seconds,
            balance.reserved_seconds,
            balance.allowed_seconds,
        )
        assert balance.left_seconds == balance.allowed_seconds - balance.used_seconds
    assert report.as_data()["outside_seconds"] == 2.5 * HOUR
    assert report.as_data()["resets_at"].isoformat() == "2026-11-28T00:00:00+00:00"

    quota.server.set_clock("2026-11-28T00:00:00Z")
    report = quota.report(weeks=2)
    (gpu, tpu), (last_gpu, last_tpu) = report.balances, report.weeks[0]
    assert (gpu.used_seconds, gpu.outside_seconds, gpu.kernels) == (0, 0, ())
    assert gpu.left_seconds == 30 * HOUR
    assert report.as_data()["resets_at"].isoformat() == "2026-12-05T00:00:00+00:00"
    assert (last_gpu.used_seconds, last_gpu.outside_seconds) == (9.75 * HOUR, 2.5 * HOUR)
    assert last_tpu.used_seconds == HOUR


def test_unwatched_runs_are_read_from_kaggle_once(quota: QuotaSetup) -> None:
    for day in (21, 22, 23):
        quota.add_ended("cars", f"2026-11-{day}T10:00:00Z", f"2026-11-{day}T11:00:00Z")
    assert {use.time_source for use in quota.report().runs} == {"log"}
    polls = quota.server.calls("GetKernelSessionStatus")
    assert polls == 3
    quota.report()
    assert quota.server.calls("GetKernelSessionStatus") == polls
    assert quota.server.calls("ListKernelSessionOutput") == 3


def test_times_of_a_pulled_run_json_outrank_those_of_the_log(quota: QuotaSetup) -> None:
    quota.add_ended("cars", "2026-11-22T10:10:00Z", "2026-11-22T11:10:00Z")
    quota.report()
    (run,) = quota.ledger.runs("local", "local")
    start = seconds_of(datetime.fromisoformat("2026-11-22T10:10:20Z"))
    quota.ledger.update_facts(
        run.id, Facts(program_started_at=start, program_ended_at=start + 3590, saved_seconds=900)
    )
    report = quota.report()
    (use,) = report.runs
    assert (use.time_source, use.started_at, use.seconds) == ("output", start, 3590)
    assert report.saved_seconds == 900


def test_a_running_run_is_reserved_and_an_ended_one_used(quota: QuotaSetup) -> None:
    quota.report()
    run = quota.start("car-runs", timeout_seconds=7200)
    quota.report()  # sees it running, at once
    quota.server.advance(3600)
    report = quota.report()
    (gpu, _), (use,) = report.balances, report.runs
    assert gpu.kernels == ()
    assert gpu.reserved_seconds == pytest.approx(3600, abs=10)
    assert (use.run, use.ended_at) == (run.name, None)
    assert use.seconds == pytest.approx(gpu.reserved_seconds, abs=10)

    quota.server.advance(3700)
    until(lambda: quota.server.status("car-runs", 1) == "CANCEL_ACKNOWLEDGED")
    gpu, _ = (report := quota.report()).balances
    assert gpu.used_seconds == quota.server_quota("gpu")[0]
    assert gpu.reserved_seconds == 0
    assert sum(kernels(report).values()) == pytest.approx(2, abs=0.05)


def test_a_weekly_limit_above_thirty_hours_is_used(quota: QuotaSetup) -> None:
    quota.server.settings(gpu_allowed_seconds=38 * HOUR)
    quota.server.use_elsewhere("gpu", "2026-11-22T00:00:00Z", "2026-11-23T10:00:00Z")
    gpu, _ = quota.report().balances
    assert (gpu.used_seconds, gpu.left_seconds) == (34 * HOUR, 4 * HOUR)


@pytest.mark.parametrize("status", [503, 403, 401])
def test_without_kaggles_figures_the_ledgers_own_sum_is_used(
    quota: QuotaSetup, status: int
) -> None:
    quota.server.settings(gpu_allowed_seconds=36 * HOUR)
    quota.add_ended("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    quota.server.use_elsewhere("gpu", "2026-11-25T01:00:00Z", "2026-11-25T03:00:00Z")
    quota.report()
    quota.server.fault("status", "GetAcceleratorQuotaStatistics", status=status, count=30)
    report = quota.report()
    gpu, tpu = report.balances
    assert report.as_data()["source"] == "ledger"
    assert report.unread is not None
    assert (gpu.used_seconds, gpu.outside_seconds) == (2 * HOUR, None)
    assert (gpu.allowed_seconds, gpu.left_seconds) == (36 * HOUR, 34 * HOUR)
    assert tpu.left_seconds == 20 * HOUR


def test_offline_the_account_is_taken_from_the_ledger(quota: QuotaSetup, tmp_path: Path) -> None:
    quota.add_ended("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    quota.report()
    offline = connect_local("http://127.0.0.1:9", "token", total_seconds=0.1)
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        week_later = show_quota(offline, ledger, NullReporter(), weeks=30)
        assert week_later.reading.estimated
        assert sum(len(week[0].kernels) for week in week_later.weeks) <= 1
    with SqliteLedger(tmp_path / "new.sqlite") as empty, pytest.raises(NetworkFailed):
        show_quota(offline, empty, NullReporter())


def test_how_many_more_runs_of_this_job_fit(quota: QuotaSetup) -> None:
    job = NextRun("", "cars", "gpu", T4, 12 * HOUR, {})
    still = quota.report(job=job).still_fits
    assert still is not None
    assert (still.kernel, still.forecast.basis, still.fits) == ("local/cars", "timeout", 2)

    quota.add_ended("cars", "2026-11-22T10:00:00Z", "2026-11-22T14:00:00Z")
    quota.add_ended("cars", "2026-11-23T10:00:00Z", "2026-11-23T14:00:00Z")
    still = quota.report(job=job).still_fits
    assert still is not None
    assert (still.forecast.seconds, still.fits) == (4 * HOUR, 5)
    quota.record_push("other", 1, "2026-11-25T12:00:00Z", forecast=forecast(4 * HOUR))
    still = quota.report(job=job).still_fits
    assert still is not None
    assert still.fits == 4
    on_cpu = NextRun("", "cars", "cpu", "", 12 * HOUR, {})
    assert quota.report(job=on_cpu).still_fits is None


def test_readings_of_past_weeks_are_stored_with_the_part_outside_kitctl(quota: QuotaSetup) -> None:
    quota.server.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T05:00:00Z")
    quota.report()
    quota.server.set_clock("2026-12-09T12:00:00Z")
    quota.report()
    weeks = quota.report(weeks=4).weeks
    assert [week[0].used_seconds / HOUR for week in weeks] == [0, 5, 0, 0]
    assert [week[0].outside_seconds for week in weeks] == [None, 5 * HOUR, None, 0]


def test_quota_sends_one_request_where_everything_else_is_known(quota: QuotaSetup) -> None:
    quota.add_ended("cars", "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z")
    quota.report()
    before = {name: quota.server.calls(name) for name in METHODS}
    with prefetch(quota.kaggle.quota) as prefetched:
        quota.report(prefetched=prefetched)
    assert {name: quota.server.calls(name) - before[name] for name in METHODS} == {
        "IntrospectToken": 0,  # requested once a command
        "GetAcceleratorQuotaStatistics": 1,
        "GetKernelSessionStatus": 0,
        "ListKernelSessionOutput": 0,
    }


def test_a_prefetched_reading_is_repeated_where_a_run_has_ended_since(quota: QuotaSetup) -> None:
    run = quota.start("goes-on", timeout_seconds=3600)
    earlier = quota.kaggle.quota()
    quota.server.advance(7200)
    until(lambda: quota.server.status("goes-on", run.version) == "CANCEL_ACKNOWLEDGED")
    (gpu, _) = quota.report(prefetched=lambda: earlier).balances
    assert (gpu.used_seconds, gpu.reserved_seconds) == quota.server_quota("gpu")[:2]
    assert gpu.used_seconds >= 3600
