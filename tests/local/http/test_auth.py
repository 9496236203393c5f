"""Authentication: what the local Kaggle answers with and without the token."""

from __future__ import annotations

import base64
import os
import stat

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

API = "/api/v1/kernels.KernelsApiService/ListKernels"


def basic(name: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()


@pytest.mark.parametrize("path", [API, "/_local/health", "/_local/clock", "/nowhere", "/"])
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer wrong", "Bearer", "Basic !!!", basic("local", "wrong"), basic("", "")],
)
def test_a_request_without_the_token_is_answered_with_401(
    local_kaggle: LocalKaggle, path: str, authorization: str
) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(path, b"{}", Authorization=authorization)
    assert answered.value.status == 401


def test_the_token_is_accepted_as_bearer_token_and_as_legacy_key(local_kaggle: LocalKaggle) -> None:
    for authorization in (f"Bearer {local_kaggle.token}", basic("local", local_kaggle.token)):
        assert local_kaggle.open(API, b"{}", Authorization=authorization).status == 200


def test_the_legacy_key_of_another_account_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError) as answered:
        other = basic("someone", local_kaggle.token)
        local_kaggle.open(API, b"{}", Authorization=other)
    assert answered.value.status == 401


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permission bits")
def test_only_the_user_can_read_the_token(local_kaggle: LocalKaggle) -> None:
    assert stat.S_IMODE((local_kaggle.state / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE(local_kaggle.state.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "method", ["ListKernels", "GetKernelSessionStatus", "GetAcceleratorQuotaStatistics"]
)
def test_the_legacy_key_may_be_refused_for_some_methods(
    local_kaggle: LocalKaggle, method: str
) -> None:
    local_kaggle.settings(legacy_key_refused=1)
    key = basic("local", local_kaggle.token)
    service = "/api/v1/kernels.KernelsApiService"
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(f"{service}/{method}", b"{}", Authorization=key)
    assert answered.value.status == 401
    local_kaggle.seed("one-job")
    request = b'{"userName": "local", "kernelSlug": "one-job"}'
    assert local_kaggle.open(f"{service}/GetKernel", request, Authorization=key).status == 200
