"""The HTTP client: kept connections, streamed bodies, errors, the log of requests."""

from __future__ import annotations

import logging

import pytest
from support.http_server import BODY, RecordingServer, post
from support.local_kaggle import LocalKaggle, until

from kitctl.adapters.http import HttpClient, TransportError
from kitctl.adapters.kaggle import connect


def test_a_connection_is_kept_for_the_next_request(server: RecordingServer) -> None:
    client = HttpClient(server.address(), direct=False)
    for _ in range(3):
        assert client.send(post()).body == BODY
    assert len(server.client_addresses) == 3
    assert len(set(server.client_addresses)) == 1


def test_a_kept_connection_that_the_server_has_closed_is_replaced(server: RecordingServer) -> None:
    server.hangs_up = True
    client = HttpClient(server.address(), direct=False)
    for number in range(3):
        assert client.send(post()).status == 200
        until(lambda number=number: server.closed_connections > number)  # type: ignore[misc]
    assert len(set(server.client_addresses)) == 3


def test_two_requests_at_once_use_two_connections(server: RecordingServer) -> None:
    client = HttpClient(server.address(), direct=False)
    with client.stream(post()) as first, client.stream(post()) as second:
        assert (first.load().body, second.load().body) == (BODY, BODY)
    assert len(set(server.client_addresses)) == 2


def test_a_compressed_response_is_uncompressed(server: RecordingServer) -> None:
    server.compresses = True
    assert HttpClient(server.address(), direct=False).send(post()).body == BODY


def test_a_redirect_is_returned_and_not_followed(server: RecordingServer) -> None:
    server.status = 302
    assert HttpClient(server.address(), direct=False).send(post()).status == 302
    assert len(server.requests) == 1


def test_the_lines_of_a_chunked_response_are_whole(server: RecordingServer) -> None:
    server.chunks = [b"one\ntw", b"o\nth", b"ree"]
    with HttpClient(server.address(), direct=False).stream(post()) as response:
        assert response.content_length is None
        assert list(response.lines()) == [b"one\n", b"two\n", b"three"]


def test_a_body_is_read_in_pieces_of_the_size_asked_for(server: RecordingServer) -> None:
    with HttpClient(server.address(), direct=False).stream(post()) as response:
        assert response.content_length == len(BODY)
        pieces = list(iter(lambda: response.read(1500), b""))
    assert b"".join(pieces) == BODY and len(pieces[0]) == 1500


def test_a_request_that_was_surely_not_sent_is_marked_as_refused(server: RecordingServer) -> None:
    with pytest.raises(TransportError, match="could not be reached") as nobody:
        HttpClient("http://127.0.0.1:9", direct=False).send(post())
    assert nobody.value.refused
    with pytest.raises(TransportError, match="secure connection") as unsafe:
        HttpClient(server.address("https"), direct=False).send(post())
    assert unsafe.value.refused


def test_a_request_that_may_have_arrived_is_not_marked_as_refused(server: RecordingServer) -> None:
    server.drops_requests = True
    with pytest.raises(TransportError, match="broke off") as lost:
        HttpClient(server.address(), direct=False).send(post())
    assert len(server.requests) == 1 and not lost.value.refused


def test_each_request_is_logged_without_its_query_and_headers(
    server: RecordingServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="kitctl.http")
    client = HttpClient(server.address(), direct=False)
    client.send(post("/v1/files?signature=s1gned", Authorization="Bearer s3cret"))
    server.drops_requests = True
    with pytest.raises(TransportError):
        client.send(post("/v1/lost"))
    first, second = [record.getMessage() for record in caplog.records if "kitctl" in record.name]
    assert first.startswith("POST /v1/files: 200, ") and first.endswith(" ms")
    assert second.startswith("POST /v1/lost: no response, ")
    assert "s1gned" not in first and "s3cret" not in first


def test_the_environment_leads_to_the_local_kaggle_as_it_leads_the_official_client(
    local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("http_proxy", local_kaggle.endpoint)
    monkeypatch.setenv("KAGGLE_API_TOKEN", local_kaggle.token)
    kaggle = connect()
    assert kaggle.account() == "local" and kaggle.quota().pools
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    monkeypatch.setenv("KAGGLE_USERNAME", "local")
    monkeypatch.setenv("KAGGLE_KEY", local_kaggle.token)
    monkeypatch.setenv("HOME", str(local_kaggle.state))
    kaggle = connect()
    assert kaggle.account() == "local" and kaggle.quota().pools
