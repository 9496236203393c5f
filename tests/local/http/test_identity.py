"""`security.OAuthService` over HTTP."""

from __future__ import annotations

from support.local_kaggle import LocalKaggle

METHOD = "security.OAuthService/IntrospectToken"


def test_the_servers_token_belongs_to_the_account_local(local_kaggle: LocalKaggle) -> None:
    answer = local_kaggle.call(METHOD, token=local_kaggle.token)
    assert (answer["active"], answer["username"]) == (True, "local")


def test_any_other_token_is_inactive(local_kaggle: LocalKaggle) -> None:
    assert local_kaggle.call(METHOD, token="other") == {"active": False}
    assert local_kaggle.call(METHOD) == {"active": False}
