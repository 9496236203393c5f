"""What the API answers about a version shortly after its push, or without a run."""

from __future__ import annotations

from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

QUICK = "print(1)"


def refusal(server: LocalKaggle, method: str, **fields: Any) -> tuple[int, str]:
    with pytest.raises(AnsweredError) as answered:
        server.call(method, userName="local", kernelSlug="one-job", **fields)
    return answered.value.status, answered.value.message


def current_version(server: LocalKaggle) -> int:
    kernel = server.call("GetKernel", userName="local", kernelSlug="one-job")
    return int(kernel["metadata"]["currentVersionNumber"])


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "Permission 'kernels.get' was denied"), (404, "No runs found for this kernel")],
)
def test_a_new_version_may_be_hidden_for_some_seconds(
    local_kaggle: LocalKaggle, status: int, message: str
) -> None:
    local_kaggle.hide_new_versions(seconds=90, status=status)
    local_kaggle.push("one-job", QUICK)
    for label in ({}, {"versionLabel": "v1"}):
        for method in ("GetKernelSessionStatus", "GetKernel"):
            assert refusal(local_kaggle, method, **label) == (status, message)
    local_kaggle.advance(90)
    assert local_kaggle.wait("one-job") == "COMPLETE"
    assert current_version(local_kaggle) == 1


def test_older_versions_are_not_hidden(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("one-job", QUICK)
    assert local_kaggle.wait("one-job") == "COMPLETE"
    local_kaggle.advance(90)
    local_kaggle.hide_new_versions(seconds=60)
    local_kaggle.push("one-job", QUICK)
    assert local_kaggle.status("one-job", 1) == "COMPLETE"
    assert refusal(local_kaggle, "GetKernelSessionStatus", versionLabel="v2")[0] == 403


def test_the_newest_version_may_be_shown_late(local_kaggle: LocalKaggle) -> None:
    local_kaggle.show_new_versions_late(seconds=60)
    local_kaggle.push("one-job", QUICK)
    assert refusal(local_kaggle, "GetKernel")[0] == 403
    local_kaggle.advance(61)
    local_kaggle.push("one-job", QUICK)
    assert current_version(local_kaggle) == 1
    local_kaggle.advance(61)
    assert current_version(local_kaggle) == 2


def test_a_push_may_be_taken_without_a_run(local_kaggle: LocalKaggle) -> None:
    local_kaggle.take_pushes_without_runs()
    assert local_kaggle.push("one-job", QUICK)["versionNumber"] == 1
    assert current_version(local_kaggle) == 1
    expected = (404, "No runs found for this kernel")
    assert refusal(local_kaggle, "GetKernelSessionStatus", versionLabel="v1") == expected
    with pytest.raises(AnsweredError, match="No runs found"):
        local_kaggle.open("/api/v1/kernels/logs/stream/local/one-job")
