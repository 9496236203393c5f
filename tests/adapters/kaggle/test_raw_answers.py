"""Answers as bytes on the wire, of every form that HTTP has or that is none."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from support.raw_server import Ended, Sent, http, raw_server

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.kaggle.api import KaggleApi
from kitctl.domain.runs.run import KernelRef, RunRef
from kitctl.errors import KitError, NetworkFailed

RUN = RunRef(KernelRef("ann", "job"), 1)
JSON = "Content-Type: application/json"
STREAM = "Content-Type: text/event-stream"
CHUNKED = "Transfer-Encoding: chunked"
HINTS = http("103 Early Hints", "Link: </style.css>")


def answer(status: str, *headers: str, version: str = "1.1") -> bytes:
    """Return a whole answer with a run's state."""
    body = json.dumps({"status": status}).encode()
    return http(
        "200 OK", JSON, f"Content-Length: {len(body)}", *headers, body=body, version=version
    )


def chunks(status: str, *trailers: bytes) -> bytes:
    body = json.dumps({"status": status}).encode()
    return b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, b"".join(trailers))


TAKEN: dict[str, tuple[list[Sent], list[Sent]]] = {
    name: (form("QUEUED"), form("RUNNING"))
    for name, form in {
        "HTTP/1.0": lambda status: Ended([answer(status, version="1.0")]),
        "HTTP/1.0 kept alive": lambda s: [answer(s, "Connection: keep-alive", version="1.0")],
        "chunks with trailers": lambda status: [
            http("200 OK", JSON, CHUNKED, "Trailer: X-A", body=chunks(status, b"X-A: 1\r\n"))
        ],
        "chunks and a length": lambda status: [
            http("200 OK", JSON, "Content-Length: 3", CHUNKED, body=chunks(status))
        ],
        "100": lambda status: [http("100 Continue"), answer(status)],
        "103": lambda status: [HINTS, answer(status)],
        "103 long before": lambda status: [HINTS, HINTS, 0.2, answer(status)],
        "two equal lengths": lambda s: [
            answer(s, f"Content-Length: {len(json.dumps({'status': s}))}")
        ],
        "a date beyond all": lambda s: [answer(s, "Date: Fri, 31 Dec 9999 23:59:59 GMT")],
        "a date before all": lambda s: [answer(s, "Date: Mon, 01 Jan 0001 00:00:00 -2359")],
        "line feeds only": lambda status: [answer(status).replace(b"\r\n", b"\n")],
    }.items()
}


@pytest.mark.parametrize("form", TAKEN)
def test_each_answer_belongs_to_its_own_request(form: str) -> None:
    with raw_server(*TAKEN[form]) as server:
        kaggle = connect_local(server.address, "token", total_seconds=0.5)
        states = [str(kaggle.status(RUN).status) for _ in range(3)]
    assert states == ["QUEUED", "RUNNING", "RUNNING"]


REFUSED: dict[str, list[Sent]] = {
    "two lengths": [answer("QUEUED", "Content-Length: 5")],
    "a header of 1 MB": [answer("QUEUED", "X-A: " + "a" * (1 << 20))],
    "a thousand headers": [answer("QUEUED", *(f"X-{number}: a" for number in range(1000)))],
    "a chunk without a length": [http("200 OK", CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n")],
    "a chunk longer than numbers": Ended(
        [http("200 OK", CHUNKED, body=b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n")]
    ),
    "no HTTP": Ended([b"SSH-2.0-OpenSSH_9.6\r\n"]),
    "a body only": Ended([b'{"status": "QUEUED"}']),
    "state 999": [http("999 What", "Content-Length: 2", body=b"{}")],
    "state 0": [http("000 What", "Content-Length: 2", body=b"{}")],
    "interim answers only": Ended([HINTS] * 50),
    "a redirect": [http("302 Found", "Location: /login", "Content-Length: 0")],
    "nothing": Ended([]),
}


@pytest.mark.parametrize("form", REFUSED)
def test_an_answer_of_another_form_is_a_failure_of_the_network(form: str) -> None:
    with raw_server(REFUSED[form]) as server, pytest.raises(KitError) as caught:
        connect_local(server.address, "token", total_seconds=0.5).status(RUN)
    assert caught.value.exit_code == 5
    assert caught.value.code in {"unreachable", "not_kaggle", "kaggle_failed"}


MEGABYTE = 1_000_000


def packed(parts: list[bytes], times: int) -> bytes:
    """Return the parts, the last of them repeated, compressed."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    *first, last = parts
    pieces = [compressor.compress(part) for part in (*first, *[last] * times)]
    return b"".join([*pieces, compressor.flush()])


GZIP = "Content-Encoding: gzip"
FILE = b'{"fileName": "a.bin", "url": "https://example.com/%s"}, ' % (b"a" * 1000)
# Some hundred kilobytes, and up to 200 MB uncompressed.
BOMBS: dict[str, tuple[str, bytes, Callable[[KaggleApi], object]]] = {
    "zeros": (JSON, packed([bytes(MEGABYTE)], 120), lambda kaggle: kaggle.status(RUN)),
    "a list": (JSON, packed([b'{"files": [', FILE * 1000], 120), lambda k: [*k.outputs(RUN)]),
    "a token": (
        JSON,
        packed([b'{"nextPageToken": "', b"a" * MEGABYTE], 120),
        lambda kaggle: [*kaggle.outputs(RUN)],
    ),
    "a source": (JSON, packed([b'{"blob": "', b"a" * MEGABYTE], 120), lambda k: k.version(RUN)),
    "a line of a log": (
        STREAM,
        packed([b'data: {"data": "', b"a" * MEGABYTE], 120),
        lambda kaggle: [*kaggle.log_so_far(RUN)],
    ),
    "a finished log": (
        JSON,
        packed([b'[{"data": "', b"a" * MEGABYTE], 120),
        lambda kaggle: [*kaggle.log_so_far(RUN)],
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_answer_without_an_end_does_not_fill_the_memory(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitctl.adapters.kaggle.log_stream.PATIENCE_SECONDS", 0.0)
    content_type, body, call = BOMBS[name]
    form = [http("200 OK", content_type, GZIP, f"Content-Length: {len(body)}", body=body)]
    with raw_server(form) as server:
        kaggle = connect_local(server.address, "token", total_seconds=0.5)
        tracemalloc.start()
        try:
            with suppress(NetworkFailed):  # The log so far may be nothing.
                call(kaggle)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 180 * MEGABYTE, f"{peak:,} bytes"
