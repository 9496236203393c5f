"""The weekly quota over HTTP: its JSON, and pushes beyond it (the rules: state/test_quota.py)."""

from __future__ import annotations

import pytest
from support.local_kaggle import LocalKaggle, until

GPU = {"machineShape": "NvidiaTeslaT4"}
ENDLESS = "import time\ntime.sleep(600)"


def quota(server: LocalKaggle) -> tuple[float, float]:
    """Return the GPU's used and reserved seconds."""
    statistics = server.call("GetAcceleratorQuotaStatistics")["gpuQuota"]
    used, reserved = (
        float(statistics[name].removesuffix("s")) for name in ("timeUsed", "timeReserved")
    )
    return used, reserved


def test_durations_and_times_are_written_as_kaggle_writes_them(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T23:59:59Z")
    answer = local_kaggle.call("GetAcceleratorQuotaStatistics")
    assert answer["quotaRefreshTime"] == "2026-11-21T00:00:00.000Z"
    assert answer["gpuQuota"] == {
        "timeUsed": "0s",
        "timeReserved": "0s",
        "totalTimeAllowed": "108000s",
        "minimumTimeAllowed": "108000s",
        "isPayToScaleEnabled": False,
        "hasEverRun": False,
    }
    assert answer["tpuQuota"]["totalTimeAllowed"] == "72000s"


def test_an_open_notebooks_time_is_used(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-18T12:00:00Z")
    local_kaggle.use_elsewhere("gpu", "2026-11-16T10:00:00Z", "2026-11-16T10:20:00Z")
    assert quota(local_kaggle) == (1200, 0)


def test_a_running_sessions_time_is_reserved_and_after_its_end_used(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.set_clock("2026-11-18T12:00:00Z")
    local_kaggle.push("endless", ENDLESS, sessionTimeoutSeconds=7200, **GPU)
    until(lambda: local_kaggle.status("endless", 1) == "RUNNING")
    local_kaggle.advance(3600)
    assert quota(local_kaggle) == (0, pytest.approx(3600, abs=30))
    local_kaggle.advance(3600)
    assert local_kaggle.wait("endless") == "CANCEL_ACKNOWLEDGED"
    assert quota(local_kaggle) == (pytest.approx(7200, abs=30), 0)


def test_a_push_beyond_the_quota_is_refused_until_the_reset(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T12:00:00Z")
    local_kaggle.use_elsewhere("gpu", "2026-11-15T00:00:00Z", "2026-11-16T06:00:00Z")
    refused = local_kaggle.push("one-job", "print(1)", **GPU)
    assert refused["error"] == "Maximum weekly GPU quota of 30.00 hours reached."
    assert "error" not in local_kaggle.push("one-job", "print(1)")
    local_kaggle.set_clock("2026-11-21T00:00:00Z")
    assert "error" not in local_kaggle.push("one-job", "print(1)", **GPU)


def test_an_interactive_session_uses_hours_until_it_is_cancelled_or_idle(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.set_clock("2026-11-18T12:00:00Z")
    local_kaggle.seed("one-job", startedAt="2026-11-10T10:00:00Z", endedAt="2026-11-10T10:00:00Z")
    opened = local_kaggle.call("CreateKernelSession", slug="local/one-job", **GPU)
    assert opened["done"]
    local_kaggle.advance(600)
    assert quota(local_kaggle) == (0, pytest.approx(600, abs=30))
    session = opened["response"]["kernelSessionId"]
    assert local_kaggle.call("CancelKernelSession", kernelSessionId=session) == {}
    local_kaggle.call("CreateKernelSession", slug="local/one-job", **GPU)
    local_kaggle.advance(7200)
    assert quota(local_kaggle) == (pytest.approx(1800, abs=30), 0)


def test_an_interactive_session_beyond_the_quota_is_an_operation_that_fails(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.seed("one-job")
    local_kaggle.settings(gpu_allowed_seconds=0)
    operation = local_kaggle.call("CreateKernelSession", slug="local/one-job", **GPU)
    assert operation["error"]["code"] == 429
