"""Request targets and bodies: which reach a method, and which are refused."""

from __future__ import annotations

import http.client

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

API = "/api/v1/kernels.KernelsApiService/ListKernels"


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:80", ""])
@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
def test_a_target_may_be_a_path_or_absolute_as_a_proxys_client_sends_it(
    local_kaggle: LocalKaggle, origin: str, prefix: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", local_kaggle.port, timeout=10)
    headers = {"Authorization": f"Bearer {local_kaggle.token}", "Host": "localhost"}
    target = f"{origin}{prefix}/kernels.KernelsApiService/ListKernels?x=1"
    connection.request("POST", target, b"{}", headers)
    with connection.getresponse() as response:
        assert (response.status, response.read()[:10]) == (200, b'{"kernels"')
    connection.close()


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_a_bad_request(
    local_kaggle: LocalKaggle, body: bytes
) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(API, body)
    assert answered.value.status == 400


def test_a_body_that_is_too_large_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(API, b" " * (17 << 20))
    assert answered.value.status == 413


@pytest.mark.parametrize("method", ["MakeCoffee", "kernels.Nothing/ListKernels"])
def test_an_unknown_method_is_not_found(local_kaggle: LocalKaggle, method: str) -> None:
    with pytest.raises(AnsweredError, match="has no") as answered:
        local_kaggle.call(method)
    assert answered.value.status == 404


def test_the_date_header_shows_the_local_kaggles_clock(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T23:59:30Z")
    assert "Fri, 20 Nov 2026 23:59:" in local_kaggle.open("/_local/health").headers["Date"]
