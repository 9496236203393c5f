"""Watching a run through each fault, once, for 20 s and for ever: every line once, no wrong end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.command_line import CommandCall, Kitctl, write_script
from support.local_kaggle import LocalKaggle, until

pytestmark = [pytest.mark.torture, pytest.mark.timeout(240)]

SCRIPT = "import time\nfor n in range(20): print('line', n, flush=True); time.sleep(0.1)"
LINES = "".join(f"line {number}\n" for number in range(20))
HTML = ("<html>Sign in</html>", {"Content-Type": "text/html"})
JSON = {"Content-Type": "application/json"}
STREAM = {"Content-Type": "text/event-stream"}

Fault = tuple[int, str, dict[str, str]]
FAULTS: dict[str, Fault] = {
    "html": (200, *HTML),
    "empty": (200, "", {}),
    "empty stream": (200, "", STREAM),
    "no content": (204, "", {}),
    "cut json": (200, '[{"data": "li', JSON),
    "null": (200, "null", JSON),
    "redirect": (302, "", {"Location": "/elsewhere"}),
    "too many requests": (429, "", {"Retry-After": "1"}),
    **{f"status {status}": (status, "", {}) for status in (500, 501, 503, 520, 529)},
}
HIDDEN: dict[str, Fault] = {
    f"hidden {status}": (status, json.dumps({"code": status, "message": "denied"}), JSON)
    for status in (401, 403, 404)
}
METHODS = {"status": "GetKernelSessionStatus", "log": "logs"}


@contextmanager
def fault(server: LocalKaggle, method: str, fault: Fault, seconds: float | None) -> Iterator[None]:
    """Answer a method with a fault: once (0), for some seconds, or for ever (None)."""
    status, body, headers = fault
    count = 1 if seconds == 0 else None
    server.answer(METHODS[method], body, status, headers, count=count)
    timer = threading.Timer(seconds or 0.0, server.clear_faults)
    if seconds:
        timer.start()
    yield
    timer.cancel()
    server.clear_faults()


@pytest.fixture
def pushed(kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle) -> None:
    write_script(project, SCRIPT)
    assert kitctl("push", "--local").code == 0
    until(lambda: local_kaggle.status("small-job") == "RUNNING")


@pytest.fixture
def ended(kitctl: Kitctl, pushed: None) -> None:
    assert kitctl("wait", "--local").code == 0


def cases(names: dict[str, Fault], *, long: tuple[str, ...]) -> list[tuple[str, float]]:
    return [(name, 0.0) for name in names] + [(name, 20.0) for name in long]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("name", "seconds"),
    cases(FAULTS | HIDDEN, long=("html", "hidden 403")),
)
def test_following_shows_every_line_once(
    kitctl: Kitctl, pushed: None, local_kaggle: LocalKaggle, method: str, name: str, seconds: float
) -> None:
    with fault(local_kaggle, method, (FAULTS | HIDDEN)[name], seconds):
        call = kitctl("logs", "-f", "--raw", "--local")
    assert (call.code, call.out) == (0, LINES)


@pytest.mark.parametrize("name", ["html", "no content", "status 520", "hidden 404"])
def test_following_without_any_stream_shows_the_stored_log(
    kitctl: Kitctl, ended: None, local_kaggle: LocalKaggle, name: str
) -> None:
    with fault(local_kaggle, "log", (FAULTS | HIDDEN)[name], None):
        call = kitctl("logs", "-f", "--raw", "--local")
    assert (call.code, call.out) == (0, LINES)


@pytest.mark.parametrize(
    ("name", "seconds"),
    cases(FAULTS | HIDDEN, long=("status 529", "hidden 404")),
)
def test_waiting_ends_with_the_run(
    kitctl: Kitctl, pushed: None, local_kaggle: LocalKaggle, name: str, seconds: float
) -> None:
    with fault(local_kaggle, "status", (FAULTS | HIDDEN)[name], seconds):
        assert kitctl("wait", "--local").code == 0


@pytest.mark.parametrize("name", ["html", "empty", "no content", *HIDDEN])
def test_waiting_for_ever_ends_at_its_timeout(
    kitctl: Kitctl, pushed: None, local_kaggle: LocalKaggle, name: str
) -> None:
    with fault(local_kaggle, "status", (FAULTS | HIDDEN)[name], None):
        call = kitctl("wait", "--timeout", "3s", "--local", "--json")
    assert (call.code, call.error["code"]) == (7, "wait_timeout")


@pytest.mark.parametrize(("name", "seconds"), cases(FAULTS | HIDDEN, long=("html",)))
def test_the_log_so_far_survives_a_stream_that_fails(
    kitctl: Kitctl, pushed: None, local_kaggle: LocalKaggle, name: str, seconds: float
) -> None:
    with fault(local_kaggle, "log", (FAULTS | HIDDEN)[name], seconds):
        call = kitctl("logs", "--raw", "--local")
    assert call.code == 0
    assert LINES.startswith(call.out) and call.out


def ends_with_a_sentence(call: Callable[[], CommandCall], seconds: float) -> None:
    """Expect an end in time, with an error of Kaggle's or the network's, or none."""
    started = time.monotonic()
    answer = call()
    assert time.monotonic() - started < seconds
    assert answer.code in {0, 3, 5}
    assert answer.code == 0 or answer.err.startswith("error: ") or "error: " in answer.err


@pytest.mark.parametrize("name", ["html", "empty", "no content", "null", "redirect", *HIDDEN])
def test_status_and_logs_end_with_a_sentence(
    kitctl: Kitctl, pushed: None, local_kaggle: LocalKaggle, name: str
) -> None:
    with fault(local_kaggle, "status", (FAULTS | HIDDEN)[name], None):
        ends_with_a_sentence(lambda: kitctl("status", "--local"), 20.0)
    with fault(local_kaggle, "log", (FAULTS | HIDDEN)[name], None):
        ends_with_a_sentence(lambda: kitctl("logs", "--local"), 60.0)
