"""When a log can be read over HTTP, and where from."""

from __future__ import annotations

import json
import threading
import time

from support.local_kaggle import LocalKaggle

STREAM = "/api/v1/kernels/logs/stream/local/one-job"


def test_the_headers_of_a_stream_wait_while_the_run_is_queued(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(queue_seconds=600)
    local_kaggle.push("one-job", "print('hello')")
    answered = threading.Event()
    bodies: list[bytes] = []

    def read() -> None:
        response = local_kaggle.open(STREAM)
        answered.set()
        bodies.append(response.read())

    reader = threading.Thread(target=read)
    reader.start()
    assert not answered.wait(0.3)
    local_kaggle.settings(queue_seconds=0)
    reader.join(20)
    assert b"hello" in bodies[0]


def test_the_headers_of_a_stream_come_at_last_without_a_log(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(queue_seconds=600, stream_header_seconds=0.2)
    local_kaggle.push("one-job", "print('hello')")
    before = time.monotonic()
    with local_kaggle.open(STREAM) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
    assert time.monotonic() - before >= 0.2


def test_the_log_of_a_finished_run_may_be_a_redirect(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(finished_logs_redirect=1)
    local_kaggle.seed("one-job", log=[{"stream_name": "stdout", "time": 1, "data": "x\n"}])
    with local_kaggle.open(STREAM) as response:
        assert "/_files/" in response.url
        assert [entry["data"] for entry in json.load(response)] == ["x\n"]
