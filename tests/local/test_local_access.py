"""Who may talk to the local Kaggle, and from where."""

from __future__ import annotations

import base64
import http.client
import os
import stat
from pathlib import Path

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

from kitctl.errors import InvalidInput, Refused
from kitctl.local.process import serve

API = "/api/v1/kernels.KernelsApiService/ListKernels"


def basic(name: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()


@pytest.mark.parametrize("path", [API, "/_local/health", "/_local/clock", "/nowhere", "/"])
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer wrong", "Bearer", "Basic !!!", basic("local", "wrong"), basic("", "")],
)
def test_without_the_token_nothing_is_answered(
    local_kaggle: LocalKaggle, path: str, authorization: str
) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(path, b"{}", Authorization=authorization)
    assert answered.value.status == 401


def test_the_token_is_taken_as_bearer_and_as_legacy_key(local_kaggle: LocalKaggle) -> None:
    for authorization in (f"Bearer {local_kaggle.token}", basic("local", local_kaggle.token)):
        assert local_kaggle.open(API, b"{}", Authorization=authorization).status == 200
    with pytest.raises(AnsweredError):
        other = basic("someone", local_kaggle.token)
        local_kaggle.open(API, b"{}", Authorization=other)


def test_a_token_tells_whose_it_is(local_kaggle: LocalKaggle) -> None:
    method = "security.OAuthService/IntrospectToken"
    answer = local_kaggle.call(method, token=local_kaggle.token)
    assert (answer["active"], answer["username"]) == (True, "local")
    assert local_kaggle.call(method, token="other") == {"active": False}


def test_a_target_with_scheme_and_host_is_taken_as_a_proxy_would(local_kaggle: LocalKaggle) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", local_kaggle.port, timeout=10)
    headers = {"Authorization": f"Bearer {local_kaggle.token}", "Host": "localhost"}
    for prefix in ("http://localhost", "http://localhost:80", ""):
        for version in ("/api/v1", "/v1"):
            target = f"{prefix}{version}/kernels.KernelsApiService/ListKernels?x=1"
            connection.request("POST", target, b"{}", headers)
            with connection.getresponse() as response:
                assert (response.status, response.read()[:10]) == (200, b'{"kernels"')
    connection.close()


def test_what_is_not_json_is_a_bad_request(local_kaggle: LocalKaggle) -> None:
    for body in (b"not json", b"[]", b"\xff"):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.open(API, body)
        assert answered.value.status == 400


def test_a_request_too_large_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(API, b" " * (17 << 20))
    assert answered.value.status == 413


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permission bits")
def test_only_the_user_can_read_the_token(local_kaggle: LocalKaggle) -> None:
    assert stat.S_IMODE((local_kaggle.state / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE(local_kaggle.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", ""])
def test_it_listens_on_no_address_but_loopback(tmp_path: Path, host: str) -> None:
    with pytest.raises(InvalidInput, match="does not listen"):
        serve(tmp_path / "state", host=host)


def test_a_folder_is_served_by_one_process(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(Refused, match=r"serves .* already"):
        serve(local_kaggle.state)


def test_a_port_that_is_taken_is_said(local_kaggle: LocalKaggle, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is taken"):
        serve(tmp_path / "state", port=local_kaggle.port)
