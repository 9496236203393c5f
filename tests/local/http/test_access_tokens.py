"""Access tokens of an OAuth login: they end, and a refresh token renews them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

LIST = "/api/v1/kernels.KernelsApiService/ListKernels"
RENEW = "/api/v1/users.AccountService/GenerateAccessToken"


def answers(server: LocalKaggle, token: str) -> bool:
    try:
        return bool(server.open(LIST, b"{}", Authorization=f"Bearer {token}").status == 200)
    except AnsweredError as error:
        assert error.status == 401
        return False


def renew(server: LocalKaggle, refresh_token: str, **fields: Any) -> Any:
    body = json.dumps({"refreshToken": refresh_token, **fields}).encode()
    return json.load(server.open(RENEW, body, Authorization=""))


def test_an_access_token_ends_after_its_time(local_kaggle: LocalKaggle) -> None:
    token = local_kaggle.admin("login", seconds=60)["access_token"]
    assert answers(local_kaggle, token)
    local_kaggle.advance(61)
    assert not answers(local_kaggle, token)


def test_a_refresh_token_gives_a_new_access_token_without_credentials(
    local_kaggle: LocalKaggle,
) -> None:
    login = local_kaggle.admin("login", seconds=60)
    local_kaggle.advance(61)
    renewed = renew(local_kaggle, login["refresh_token"], expirationDuration="90s")
    assert (renewed["expiresIn"], renewed["userName"]) == (90, "local")
    assert answers(local_kaggle, renewed["token"])
    introspect = "security.OAuthService/IntrospectToken"
    assert local_kaggle.call(introspect, token=renewed["token"])["active"]
    local_kaggle.advance(91)
    assert not local_kaggle.call(introspect, token=renewed["token"])["active"]


def test_a_setting_limits_how_long_a_token_lasts(local_kaggle: LocalKaggle) -> None:
    refresh_token = local_kaggle.admin("login")["refresh_token"]
    assert renew(local_kaggle, refresh_token)["expiresIn"] == 12 * 3600
    local_kaggle.settings(access_token_seconds=30)
    assert renew(local_kaggle, refresh_token)["expiresIn"] == 30


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_refresh_token_is_refused(local_kaggle: LocalKaggle, token: str) -> None:
    with pytest.raises(AnsweredError) as answered:
        renew(local_kaggle, token)
    assert answered.value.status == 401


def test_a_refresh_token_gives_no_access_itself(local_kaggle: LocalKaggle) -> None:
    assert not answers(local_kaggle, local_kaggle.admin("login")["refresh_token"])


def test_hello_names_the_account(local_kaggle: LocalKaggle) -> None:
    assert local_kaggle.call("api.v1.DiagnosticsService/Hello") == {"userName": "local"}
