"""Injected faults: each does what it says to a client, and for as many calls as it says."""

from __future__ import annotations

import http.client
import time
import urllib.error

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

WHERE = {"userName": "local", "kernelSlug": "one-job"}
# What a connection that ends without an answer looks like to the standard library.
CUT = (ConnectionError, http.client.HTTPException, urllib.error.URLError)


def test_a_status_fault_answers_so_many_calls_of_one_method_with_an_error(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.seed("one-job")
    local_kaggle.fault("status", "GetKernelSessionStatus", status=503, count=2)
    for _ in range(2):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.call("GetKernelSessionStatus", **WHERE)
        assert (answered.value.status, answered.value.message) == (503, "Service Unavailable")
        local_kaggle.call("GetKernel", **WHERE)
    local_kaggle.call("GetKernelSessionStatus", **WHERE)
    assert local_kaggle.calls("GetKernelSessionStatus") == 3


def test_a_status_fault_can_have_a_retry_after_header(local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("status", "ListKernels", status=429, retry_after=2)
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.call("ListKernels")
    assert answered.value.status == 429
    assert answered.value.headers["Retry-After"] == "2"


def test_a_push_whose_answer_is_lost_has_taken_effect(local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("lost_answer", "SaveKernel")
    with pytest.raises(CUT):
        local_kaggle.push("one-job", "print(1)")
    assert local_kaggle.call("GetKernel", **WHERE)["metadata"]["currentVersionNumber"] == 1
    assert local_kaggle.wait("one-job") == "COMPLETE"


def test_a_push_that_is_answered_with_an_error_has_not_taken_effect(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.fault("status", "SaveKernel", status=502)
    with pytest.raises(AnsweredError):
        local_kaggle.push("one-job", "print(1)")
    assert local_kaggle.call("ListKernels")["kernels"] == []


def test_a_dropped_download_ends_after_so_many_bytes_and_can_be_resumed(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.seed("one-job", files=[{"name": "big.bin", "bytes": 3_000_000}])
    url = local_kaggle.call("ListKernelSessionOutput", **WHERE)["files"][0]["url"]
    local_kaggle.fault("drop", "download", after_bytes=1_234_567)
    with pytest.raises(http.client.IncompleteRead) as broken:
        local_kaggle.open(url).read()
    part = broken.value.partial
    assert len(part) == 1_234_567
    rest = local_kaggle.open(url, Range=f"bytes={len(part)}-").read()
    assert part + rest == local_kaggle.open(url).read()


def test_a_dropped_log_stream_ends_after_so_many_events(local_kaggle: LocalKaggle) -> None:
    script = "import time\nfor n in range(5):\n    print(n, flush=True)\ntime.sleep(1)"
    local_kaggle.push("one-job", script)
    local_kaggle.fault("drop", "logs", after_events=2)
    path = "/api/v1/kernels/logs/stream/local/one-job"
    with pytest.raises(http.client.IncompleteRead) as broken:
        local_kaggle.open(path).read()
    assert broken.value.partial.count(b"data: ") == 2
    replayed = local_kaggle.open(path).read()
    assert replayed.count(b"data: ") == 6 and replayed.startswith(broken.value.partial)


def test_an_expired_fault_makes_one_download_look_expired(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-job", files=[{"name": "a.txt", "text": "x"}])
    url = local_kaggle.call("ListKernelSessionOutput", **WHERE)["files"][0]["url"]
    local_kaggle.fault("expired", "download")
    with pytest.raises(AnsweredError, match="ExpiredToken"):
        local_kaggle.open(url)
    assert local_kaggle.open(url).read() == b"x"


def test_latency_applies_until_faults_are_cleared(local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("latency", seconds=0.2)
    for _ in range(2):
        before = time.monotonic()
        local_kaggle.call("ListKernels")
        assert time.monotonic() - before >= 0.2
    local_kaggle.clear_faults()
    before = time.monotonic()
    local_kaggle.call("ListKernels")
    assert time.monotonic() - before < 0.2


@pytest.mark.parametrize(
    "fault", [{"kind": "earthquake"}, {"kind": "drop", "loudly": True}, {"kind": None}]
)
def test_an_unknown_fault_is_refused(local_kaggle: LocalKaggle, fault: dict[str, object]) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.admin("faults", **fault)
    assert answered.value.status == 400


def test_faults_of_one_method_leave_the_others_alone(local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("lost_answer", "SaveKernel", count=None)
    assert local_kaggle.call("ListKernels")["kernels"] == []
    with pytest.raises(CUT):
        local_kaggle.push("one-job", "print(1)")


def test_a_dropped_answer_can_end_before_its_first_byte(local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("drop", "ListKernels")
    with pytest.raises(http.client.IncompleteRead) as broken:
        local_kaggle.call("ListKernels")
    assert broken.value.partial == b""
