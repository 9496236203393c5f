"""The log of a run through odd answers: no line lost, none twice, and an end in good time."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Iterator

import pytest
from support.jobs import save_request
from support.local_kaggle import LocalKaggle, until
from support.local_setup import LAST_WEEK
from support.storage_server import StorageServer

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.kaggle.api import KaggleApi
from kitctl.adapters.kaggle.log_lines import LogLines
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.errors import KitError

FIVE_LINES = [f"line {number}" for number in range(5)]
SCRIPT = "import time\nfor n in range(5): print('line', n, flush=True)\ntime.sleep(1)"
HTML = {"Content-Type": "text/html"}
STREAM = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}
ODD_ANSWERS = {
    "html": (200, "<html><body>Sign in</body></html>", HTML),
    "html as a stream": (200, "<html>\ndata\n</html>", STREAM),
    "empty": (200, "", {}),
    "empty stream": (200, "", STREAM),
    "no content": (204, "", {}),
    "too many requests": (429, "slow down", {"Retry-After": "0"}),
    "too many requests in an event": (
        200,
        'data: {"code": 429, "message": "slow down"}\n\n',
        STREAM,
    ),
    "error with status 200": (200, '{"error": {"code": 500, "message": "oops"}}', JSON),
    "null": (200, "null", JSON),
    "cut json": (200, '[{"stream_name": "stdout", "data": "li', JSON),
    "cut event": (200, 'data: {"stream_name": "stdout", "data": "li', STREAM),
    "damaged gzip": (200, "no gzip", {**STREAM, "Content-Encoding": "gzip"}),
    "another list": (200, "[7]", JSON),
    "forbidden": (403, '{"code": 403, "message": "kernels.get denied"}', JSON),
    "not found": (404, '{"code": 404, "message": "No runs found"}', JSON),
    "unauthorized": (401, '{"code": 401, "message": "Unauthenticated"}', JSON),
    "redirect to nowhere": (302, "", {"Location": "ftp://example.com/"}),
    "redirect without address": (302, "", {}),
    **{f"status {status}": (status, "", {}) for status in (500, 501, 502, 520, 529)},
}


@pytest.fixture
def kaggle(local_kaggle: LocalKaggle) -> KaggleApi:
    return connect_local(
        local_kaggle.endpoint, local_kaggle.token, total_seconds=15.0, quiet_seconds=0.3
    )


def finished_run(server: LocalKaggle, lines: list[str] = FIVE_LINES) -> RunRef:
    """Add a run that printed these lines, whose log is an array."""
    log = [{"stream_name": "stdout", "time": 1.0, "data": f"{line}\n"} for line in lines]
    version = server.seed("finished", status="COMPLETE", log=log, **LAST_WEEK)["version"]
    return RunRef(KernelRef("local", "finished"), version)


def stream_of(lines: list[str]) -> str:
    """Return the events of these lines, as of a stream that has not ended."""
    pieces = ({"stream_name": "stdout", "time": 1.0, "data": f"{line}\n"} for line in lines)
    return "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces)


def run(kaggle: KaggleApi, script: str) -> RunRef:
    ref = kaggle.save(save_request(KernelRef("local", "talks"), script)).run
    until(lambda: kaggle.status(ref).status is not Status.QUEUED)
    return ref


def texts(kaggle: KaggleApi, ref: RunRef) -> list[str]:
    return [line.text for line in kaggle.follow_log(ref)]


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_an_odd_answer_neither_ends_a_followed_log_nor_repeats_a_line(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, name: str
) -> None:
    status, body, headers = ODD_ANSWERS[name]
    local_kaggle.answer("logs", stream_of(FIVE_LINES[:3]), headers=STREAM)
    lines = kaggle.follow_log(finished_run(local_kaggle))
    first = [line.text for line in itertools.islice(lines, 3)]
    local_kaggle.answer("logs", body, status, headers)
    assert first + [line.text for line in lines] == FIVE_LINES
    assert local_kaggle.calls("logs") == 3


@pytest.mark.parametrize("name", [*ODD_ANSWERS, "empty list"])
def test_an_odd_answer_does_not_end_the_log_so_far(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, name: str
) -> None:
    status, body, headers = {**ODD_ANSWERS, "empty list": (200, "[]", JSON)}[name]
    local_kaggle.answer("logs", body, status, headers)
    lines = kaggle.log_so_far(finished_run(local_kaggle))
    assert [line.text for line in lines] == FIVE_LINES


@pytest.mark.parametrize("form", ["no_newline", "plain", "empty"])
def test_each_event_is_a_line_in_every_form(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, form: str
) -> None:
    local_kaggle.change_events(form)
    local_kaggle.fault("drop", "logs", after_events=2)
    ref = run(kaggle, SCRIPT)
    lines = kaggle.follow_log(ref)
    first = [line.text for line in itertools.islice(lines, 2)]
    # The log of the ended run comes in the other form.
    local_kaggle.fault("drop", "logs", after_events=1)
    assert first + [line.text for line in lines] == FIVE_LINES


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ("it is 50 % done", ["it is 50 % done"]),
        ('{"accuracy": 0.9}', ['{"accuracy": 0.9}']),
        ("17", ["17"]),
        ("null", ["null"]),
        ("[" * 100_000, ["[" * 100_000]),
        ('{"data": null}', []),
        ('{"data": 5}', ["5"]),
        ('{"data": "\\n"}', [""]),
        ('{"data": "two\\nlines", "time": "soon"}', ["two", "lines"]),
        ('{"code": 500, "message": "printed by the job"}', None),
        ("", []),
    ],
)
def test_an_event_that_is_no_piece_of_a_log_is_shown_as_it_is(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, event: str, shown: list[str] | None
) -> None:
    body = f"data: {event}\n\n: a comment\n\ndata: last\r\n\r\ndata: END_OF_LOG"
    local_kaggle.answer("logs", body, headers=STREAM)
    ref = finished_run(local_kaggle)
    assert texts(kaggle, ref) == [*([event] if shown is None else shown), "last"]


def test_a_finished_log_that_is_a_redirect_is_followed(
    local_kaggle: LocalKaggle, kaggle: KaggleApi
) -> None:
    local_kaggle.settings(finished_logs_redirect=1)
    assert texts(kaggle, finished_run(local_kaggle)) == FIVE_LINES


@pytest.fixture
def storage() -> Iterator[StorageServer]:
    with StorageServer() as server:
        yield server


def test_a_redirect_to_another_host_does_not_get_the_credentials(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, storage: StorageServer
) -> None:
    storage.body = json.dumps([{"stream_name": "stdout", "data": "stored\n"}]).encode()
    local_kaggle.answer("logs", status=302, headers={"Location": storage.url("/log?signature=x")})
    assert texts(kaggle, finished_run(local_kaggle)) == ["stored"]
    (request,) = storage.requests
    assert request.path == "/log?signature=x"
    assert "authorization" not in request.headers
    assert local_kaggle.token not in str(request.headers)


def test_redirects_without_an_end_are_a_failure(
    local_kaggle: LocalKaggle, storage: StorageServer
) -> None:
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=0.5)
    storage.redirect_to = storage.url("/again")
    local_kaggle.answer("logs", status=302, headers={"Location": storage.url("/")}, count=None)
    with pytest.raises(KitError, match="too many redirects"):
        texts(kaggle, finished_run(local_kaggle))


def test_the_log_so_far_ends_while_the_job_goes_on_printing(local_kaggle: LocalKaggle) -> None:
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, quiet_seconds=2.0)
    ref = run(kaggle, "import time\nwhile True: print('again', flush=True); time.sleep(0.25)")
    started = time.monotonic()
    lines = list(kaggle.log_so_far(ref))
    assert time.monotonic() - started < 10
    assert {line.text for line in lines} == {"again"}


def test_headers_may_take_longer_than_the_log_so_far(
    local_kaggle: LocalKaggle, kaggle: KaggleApi
) -> None:
    local_kaggle.fault("latency", "logs", seconds=1.0)
    lines = kaggle.log_so_far(finished_run(local_kaggle))
    assert [line.text for line in lines] == FIVE_LINES
    assert local_kaggle.calls("logs") == 1


@pytest.mark.parametrize("value", ["NaN", "1e400", "-Infinity", "-5", "true", '"soon"', "1" * 400])
def test_a_time_that_is_none_is_that_of_the_line_before(value: str) -> None:
    lines = LogLines()
    pieces = [{"time": 2.5, "data": "one\n"}, json.loads(f'{{"time": {value}, "data": "two\\n"}}')]
    times = [line.time for piece in pieces for line in lines.take(piece)]
    assert times == [2.5, 2.5]
    assert all(math.isfinite(each) for each in times)
