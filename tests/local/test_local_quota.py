"""The weekly quota by the local Kaggle's books, with its clock set."""

from __future__ import annotations

from typing import Any

import pytest
from support.local_kaggle import LocalKaggle, until

GPU = {"machineShape": "NvidiaTeslaT4"}
TPU = {"machineShape": "TpuV5E8"}
ENDLESS = "import time\ntime.sleep(600)"

# 2026-11-21 is a Saturday.
WEDNESDAY = "2026-11-18T12:00:00Z"


def quota(server: LocalKaggle, kind: str = "gpu") -> tuple[float, float, float]:
    """Used, reserved and allowed seconds."""
    answer = server.call("GetAcceleratorQuotaStatistics")[f"{kind}Quota"]
    names = ("timeUsed", "timeReserved", "totalTimeAllowed")
    used, reserved, allowed = (float(answer[name].removesuffix("s")) for name in names)
    return used, reserved, allowed


def resets_at(server: LocalKaggle) -> str:
    return str(server.call("GetAcceleratorQuotaStatistics")["quotaRefreshTime"])


def run(start: str, end: str, **fields: Any) -> dict[str, Any]:
    return {"slug": "one-job", "startedAt": start, "endedAt": end, **GPU, **fields}


def test_durations_are_written_as_kaggle_writes_them(local_kaggle: LocalKaggle) -> None:
    answer = local_kaggle.call("GetAcceleratorQuotaStatistics")
    assert answer["gpuQuota"]["totalTimeAllowed"] == "108000s"
    assert answer["tpuQuota"]["totalTimeAllowed"] == "72000s"


@pytest.mark.parametrize(
    ("now", "reset"),
    [
        ("2026-11-20T23:59:59Z", "2026-11-21T00:00:00.000Z"),
        ("2026-11-21T00:00:00Z", "2026-11-28T00:00:00.000Z"),
        ("2028-02-29T12:00:00Z", "2028-03-04T00:00:00.000Z"),
    ],
)
def test_the_week_starts_on_saturday_at_midnight(
    local_kaggle: LocalKaggle, now: str, reset: str
) -> None:
    local_kaggle.set_clock(now)
    assert resets_at(local_kaggle) == reset


def test_gpu_sessions_of_this_week_count_by_their_wall_time(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock(WEDNESDAY)
    local_kaggle.seed_many(
        [
            run("2026-11-16T10:00:00Z", "2026-11-16T11:00:00Z"),
            run("2026-11-17T10:00:00Z", "2026-11-17T10:30:00Z", status="ERROR"),
            run("2026-11-17T11:00:00Z", "2026-11-17T11:15:00Z", status="CANCEL_ACKNOWLEDGED"),
            run("2026-11-13T10:00:00Z", "2026-11-13T12:00:00Z"),  # last week's
            run("2026-11-17T12:00:00Z", "2026-11-17T14:00:00Z", machineShape=""),  # on the CPU
            run("2026-11-17T12:00:00Z", "2026-11-17T14:00:00Z", **TPU),
        ]
    )
    assert quota(local_kaggle) == (6300, 0, 108000)
    assert quota(local_kaggle, "tpu") == (7200, 0, 72000)


def test_a_session_across_the_reset_counts_in_both_weeks(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T12:00:00Z")
    local_kaggle.seed_many([run("2026-11-13T23:00:00Z", "2026-11-14T02:00:00Z")])
    assert quota(local_kaggle)[0] == 2 * 3600
    local_kaggle.set_clock("2026-11-13T23:59:59Z")
    assert quota(local_kaggle)[0] == 3 * 3600


def test_an_open_notebook_counts_too(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock(WEDNESDAY)
    local_kaggle.use_elsewhere("gpu", "2026-11-16T10:00:00Z", "2026-11-16T10:20:00Z")
    assert quota(local_kaggle)[0] == 1200


def test_a_running_session_is_reserved_and_then_used(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock(WEDNESDAY)
    local_kaggle.push("endless", ENDLESS, sessionTimeoutSeconds=7200, **GPU)
    until(lambda: local_kaggle.status("endless", 1) == "RUNNING")
    local_kaggle.advance(3600)
    used, reserved, _ = quota(local_kaggle)
    assert used == 0 and reserved == pytest.approx(3600, abs=30)
    local_kaggle.advance(3600)
    assert local_kaggle.wait("endless") == "CANCEL_ACKNOWLEDGED"
    used, reserved, _ = quota(local_kaggle)
    assert used == pytest.approx(7200, abs=30) and reserved == 0


def test_a_queued_session_uses_nothing(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(queue_seconds=3600)
    local_kaggle.push("waiting", ENDLESS, **GPU)
    local_kaggle.advance(1800)
    assert quota(local_kaggle)[:2] == (0, 0)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (GPU, "Maximum weekly GPU quota of 30.00 hours reached."),
        (TPU, "Maximum weekly TPU quota of 20.00 hours reached."),
    ],
)
def test_a_push_past_the_quota_is_refused_until_saturday(
    local_kaggle: LocalKaggle, shape: dict[str, str], words: str
) -> None:
    local_kaggle.set_clock("2026-11-20T12:00:00Z")
    local_kaggle.seed_many([run("2026-11-15T00:00:00Z", "2026-11-16T06:00:00Z", **shape)])
    assert local_kaggle.push("one-job", "print(1)", **shape)["error"] == words
    assert "error" not in local_kaggle.push("one-job", "print(1)")
    local_kaggle.set_clock("2026-11-21T00:00:00Z")
    assert "error" not in local_kaggle.push("one-job", "print(1)", **shape)


def test_the_allowance_can_be_more_than_thirty_hours(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(gpu_allowed_seconds=43.5 * 3600)
    assert quota(local_kaggle)[2] == 43.5 * 3600


def test_the_date_header_goes_by_the_same_clock(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T23:59:30Z")
    assert "Fri, 20 Nov 2026 23:59:" in local_kaggle.open("/_local/health").headers["Date"]
