"""`quota` with ten thousand runs in the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.ledgers import write_ledger
from support.local_kaggle import LocalKaggle
from support.runs import HOUR, run

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.run import Facts
from kitctl.domain.runs.weeks import week_of
from kitctl.operations.hours.next_run import NextRun
from kitctl.operations.quota import show_quota
from kitctl.ports import NullReporter

RUNS = 10_000
NOW = 1_800_000_000.0
WEEK = week_of(NOW)
SETTINGS = {"base": "vgg16", "epochs": 30, "image_size": [128, 128], "batch_size": 64}


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a run every half hour, each of 20 minutes, up to now; every fifth on a TPU."""
    path = tmp_path_factory.mktemp("long") / "ledger.sqlite"
    write_ledger(
        path,
        (
            run(
                (start := NOW - number * HOUR / 2),
                start + HOUR / 3,
                kernel=f"local/kernel-{number % 12}",
                version=number,
                service="local",
                account="local",
                pool="tpu" if number % 5 == 0 else "gpu",
                settings=SETTINGS,
                facts=Facts(epochs_done=30, epoch_seconds=30.0),
            )
            for number in range(1, RUNS + 1)
        ),
    )
    return path


def test_the_seconds_of_ten_thousand_runs_are_counted_in_their_weeks(
    ledger_file: Path, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.set_clock("2027-01-15T08:00:00Z")
    for pool in ("gpu", "tpu"):
        # Kaggle has counted at least what the ledger knows of this week.
        local_kaggle.use_elsewhere(pool, "2027-01-09T00:00:00Z", "2027-01-15T08:00:00Z")
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token)
    job = NextRun("", "kernel-1", "gpu", "NvidiaTeslaT4", 12 * HOUR, SETTINGS)
    with SqliteLedger(ledger_file) as ledger:
        report = show_quota(kaggle, ledger, NullReporter(), job=job, weeks=52)
    starts = [NOW - number * HOUR / 2 for number in range(1, RUNS + 1)]
    for place, week in enumerate(report.weeks):
        span = WEEK.earlier(51 - place)
        expected = sum(span.overlap(start, start + HOUR / 3) for start in starts)
        counted = sum(use.seconds for balance in week for use in balance.kernels)
        assert counted == pytest.approx(expected, abs=0.1)
    assert report.still_fits is not None
    assert report.still_fits.forecast.seconds == 1200
