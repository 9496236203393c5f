"""The limit for a whole request, which no dripping server can stretch."""

from __future__ import annotations

import time

import pytest
from support.dripping_server import START, dripping_server
from support.http_server import BODY, RecordingServer, post

from kitctl.adapters.http import HttpClient, TransportError


@pytest.mark.parametrize("where", START)
def test_a_response_that_drips_ends_at_the_deadline(where: str) -> None:
    with dripping_server(where) as port:
        started = time.monotonic()
        request = post()._replace(deadline=started + 0.4)
        with pytest.raises(TransportError, match="did not answer in time") as late:
            HttpClient(f"http://127.0.0.1:{port}", direct=True).send(request)
        assert time.monotonic() - started < 2
        assert not late.value.refused, "the server may have acted on it"


@pytest.mark.parametrize("where", START)
def test_a_streamed_response_that_drips_ends_at_the_deadline(where: str) -> None:
    with dripping_server(where) as port:
        started = time.monotonic()
        request = post()._replace(deadline=started + 0.4)
        client = HttpClient(f"http://127.0.0.1:{port}", direct=True)
        with pytest.raises(TransportError, match="in time"), client.stream(request) as response:
            list(response.text())
        assert time.monotonic() - started < 2


def test_a_response_in_time_is_whole(server: RecordingServer) -> None:
    request = post()._replace(deadline=time.monotonic() + 5)
    assert HttpClient(server.address(), direct=True).send(request).body == BODY


def test_no_request_is_sent_after_the_deadline(server: RecordingServer) -> None:
    request = post()._replace(deadline=time.monotonic() - 1)
    with pytest.raises(TransportError, match="in time"):
        HttpClient(server.address(), direct=True).send(request)
    assert not server.requests
