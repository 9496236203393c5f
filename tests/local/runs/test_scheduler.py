"""Sessions from the queue to their end: log, timeout, cancellation and failure, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle, until

GPU = {"machineShape": "NvidiaTeslaT4"}
# Prints its session id, leaves a file, and runs until it is stopped.
ENDLESS = """
import os, time
print(os.environ["KAGGLE_CONTAINER_NAME"], flush=True)
open("partial.txt", "w").write("so far")
time.sleep(600)
"""
QUICK = "print('done')"


def events(response: Any) -> list[str]:
    """Return the data of a log's events, up to the end of the log."""
    data = []
    for line in response:
        if line.startswith(b"data: "):
            data.append(line[6:].decode().strip())
            if data[-1] == "END_OF_LOG":
                break
    return data


def stream(server: LocalKaggle, slug: str, query: str = "") -> Any:
    return server.open(f"/api/v1/kernels/logs/stream/local/{slug}{query}")


def running_session(server: LocalKaggle, slug: str, version: int = 1) -> int:
    """Wait until a run of ENDLESS prints its container's name; return the session id in it."""
    for line in stream(server, slug, f"?versionLabel=v{version}"):
        if b"-webtier" in line:
            event = json.loads(line.removeprefix(b"data: "))
            return int(event["data"].strip().split("-")[-2])
    raise AssertionError("the run ended without printing its session")


def outputs(server: LocalKaggle, slug: str, **fields: Any) -> list[str]:
    page = server.call("ListKernelSessionOutput", userName="local", kernelSlug=slug, **fields)
    return [file["fileName"] for file in page["files"]]


def test_a_session_is_queued_before_it_runs(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(queue_seconds=60)
    local_kaggle.push("one-job", ENDLESS)
    assert local_kaggle.status("one-job", 1) == "QUEUED"
    local_kaggle.advance(61)
    until(lambda: local_kaggle.status("one-job", 1) == "RUNNING")


@pytest.mark.parametrize(
    ("fields", "at_once", "message"),
    [
        (GPU, 2, "Maximum batch GPU session count of 2 reached."),
        ({}, 5, "Maximum batch CPU session count of 5 reached."),
    ],
)
def test_one_session_too_many_is_refused_with_kaggles_message(
    local_kaggle: LocalKaggle, fields: dict[str, Any], at_once: int, message: str
) -> None:
    local_kaggle.settings(queue_seconds=600)
    for number in range(at_once):
        assert "error" not in local_kaggle.push(f"job-{number}", QUICK, **fields)
    refused = local_kaggle.push("one-more", QUICK, **fields)
    assert refused["error"] == message and "versionNumber" not in refused
    # The other pool has room.
    other = {} if fields else GPU
    assert "error" not in local_kaggle.push("other-kind", QUICK, **other)


def test_the_log_of_a_gpu_run_begins_with_the_hint_that_it_runs_on_the_cpu(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.push("one-job", QUICK, **GPU)
    local_kaggle.wait("one-job")
    first, *rest = local_kaggle.log("one-job")
    assert "runs on the CPU" in first["data"] and "NvidiaTeslaT4" in first["data"]
    assert rest[-1]["data"] == "done\n"


def test_the_log_of_a_running_session_can_be_followed(local_kaggle: LocalKaggle) -> None:
    script = "import time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.3)"
    local_kaggle.push("talker", script)
    response = stream(local_kaggle, "talker")
    assert response.headers["Content-Type"].startswith("text/event-stream")
    *lines, last = events(response)
    assert last == "END_OF_LOG"
    assert [json.loads(line)["data"] for line in lines] == ["0\n", "1\n", "2\n"]
    assert local_kaggle.status("talker", 1) == "COMPLETE"


def test_the_log_of_a_finished_run_is_one_array(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("talker", QUICK)
    local_kaggle.wait("talker")
    response = stream(local_kaggle, "talker", "?versionLabel=v1")
    assert response.headers["Content-Type"] == "application/json"
    assert [line["data"] for line in json.load(response)] == ["done\n"]
    with pytest.raises(AnsweredError) as answered:
        stream(local_kaggle, "talker", "?versionLabel=1")
    assert answered.value.status == 404


def test_a_running_session_has_no_outputs_and_no_whole_log(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("one-job", ENDLESS)
    running_session(local_kaggle, "one-job")
    page = local_kaggle.call("ListKernelSessionOutput", userName="local", kernelSlug="one-job")
    assert (page["files"], page["log"]) == ([], "")


def test_a_failed_run_keeps_its_outputs_so_far(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("failing", "open('partial.txt', 'w').write('x')\nraise ValueError('bad')")
    assert local_kaggle.wait("failing") == "ERROR"
    answer = local_kaggle.call("GetKernelSessionStatus", userName="local", kernelSlug="failing")
    assert "exit code 1" in answer["failureMessage"]
    assert outputs(local_kaggle, "failing") == ["partial.txt"]
    assert any("ValueError: bad" in line["data"] for line in local_kaggle.log("failing"))


def test_a_session_is_stopped_at_its_timeout(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("slow-one", ENDLESS, sessionTimeoutSeconds=3600)
    running_session(local_kaggle, "slow-one")
    local_kaggle.advance(3500)
    assert local_kaggle.status("slow-one", 1) == "RUNNING"
    local_kaggle.advance(101)
    assert local_kaggle.wait("slow-one") == "CANCEL_ACKNOWLEDGED"
    answer = local_kaggle.call("GetKernelSessionStatus", userName="local", kernelSlug="slow-one")
    assert "exceeded the max allowed execution duration" in answer["failureMessage"]
    assert outputs(local_kaggle, "slow-one") == ["partial.txt"]


def test_no_timeout_is_longer_than_kaggles_limit(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("slow-one", ENDLESS, sessionTimeoutSeconds=10**6)
    running_session(local_kaggle, "slow-one")
    local_kaggle.advance(12 * 3600 + 1)
    assert local_kaggle.wait("slow-one") == "CANCEL_ACKNOWLEDGED"


def test_a_run_is_cancelled_by_the_session_id_it_printed(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("endless", ENDLESS)
    session = running_session(local_kaggle, "endless")
    assert local_kaggle.call("CancelKernelSession", kernelSessionId=session) == {}
    assert local_kaggle.wait("endless") == "CANCEL_ACKNOWLEDGED"
    assert outputs(local_kaggle, "endless") == ["partial.txt"]
    late = local_kaggle.call("CancelKernelSession", kernelSessionId=session)
    assert late["errorMessage"]
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.call("CancelKernelSession", kernelSessionId=session + 1000)
    assert answered.value.status == 403


def test_a_cancelled_session_may_take_long_to_save_its_outputs(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(cancel_seconds=90)
    script = "for name in 'ab':\n    open(name, 'w').write(name)\n" + ENDLESS
    local_kaggle.push("endless", script)
    session = running_session(local_kaggle, "endless")
    local_kaggle.call("CancelKernelSession", kernelSessionId=session)
    assert local_kaggle.status("endless", 1) == "CANCEL_REQUESTED"
    assert outputs(local_kaggle, "endless") == []

    def saved() -> list[str]:
        local_kaggle.advance(1)
        return outputs(local_kaggle, "endless")

    # The scheduler notices the request at a moment of its own.
    assert len(until(saved)) == 1
    assert local_kaggle.status("endless", 1) == "CANCEL_REQUESTED"
    local_kaggle.advance(90)
    assert local_kaggle.wait("endless") == "CANCEL_ACKNOWLEDGED"
    assert outputs(local_kaggle, "endless") == ["a", "b", "partial.txt"]


def test_deleting_a_kernel_stops_its_sessions(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("endless", ENDLESS, **GPU)
    running_session(local_kaggle, "endless")
    local_kaggle.call("DeleteKernel", userName="local", kernelSlug="endless")
    until(lambda: local_kaggle.admin("health")["unfinishedSessions"] == 0)


def test_a_quick_save_makes_a_version_and_no_run(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("draft", QUICK, kernelExecutionType="QUICK_SAVE")
    with pytest.raises(AnsweredError, match="No runs found for this kernel"):
        local_kaggle.status("draft", 1)
    assert outputs(local_kaggle, "draft") == []


def test_a_status_without_a_version_may_lag_behind_a_push(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-job")
    local_kaggle.settings(status_lag_seconds=30, queue_seconds=600)
    local_kaggle.push("one-job", QUICK)
    assert local_kaggle.status("one-job") == "COMPLETE"
    assert local_kaggle.status("one-job", 2) == "QUEUED"
    local_kaggle.advance(31)
    assert local_kaggle.status("one-job") == "QUEUED"


def test_a_script_in_another_language_fails_with_the_reason_in_its_log(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.push("job-in-r", "print(1)", language="r")
    assert local_kaggle.wait("job-in-r") == "ERROR"
    assert "runs Python only" in local_kaggle.log("job-in-r")[-1]["data"]
