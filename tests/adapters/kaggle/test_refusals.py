"""What Kaggle refuses: its own words are shown, and a token is blamed only where it is bad."""

from __future__ import annotations

import json

import pytest
from support.jobs import KERNEL, save_request
from support.local_kaggle import LocalKaggle

from kitctl.adapters.kaggle import KaggleApi, connect_local
from kitctl.adapters.kaggle.credentials import Credentials
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.job.metadata import Sources
from kitctl.domain.runs.run import KernelRef, RunRef
from kitctl.errors import KitError

WORDS = "These are Kaggle's own words"
RUN = RunRef(KernelRef("local", "small-job"), 1)

# What is called, and the method that Kaggle then answers.
CALLS = {
    "GetAcceleratorQuotaStatistics": lambda kaggle: kaggle.quota(),
    "GetKernelSessionStatus": lambda kaggle: kaggle.status(RUN),
    "ListKernelSessionOutput": lambda kaggle: list(kaggle.outputs(RUN)),
    "CancelKernelSession": lambda kaggle: kaggle.cancel(7),
    "SaveKernel": lambda kaggle: kaggle.save(save_request(KERNEL, "print(1)")),
}


@pytest.fixture
def kaggle(local_kaggle: LocalKaggle) -> KaggleApi:
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=0.2)
    kaggle.account()
    return kaggle


def words(status: int, *, nested: bool) -> str:
    """Return the body of an error, in either of Kaggle's forms."""
    error = {"code": status, "message": WORDS}
    return json.dumps({"error": error} if nested else error)


def with_credentials(server: LocalKaggle, *credentials: Credentials) -> KaggleApi:
    """Return a client that finds these credentials, one after the other."""
    found = iter(credentials)
    return KaggleApi("local", Transport(f"{server.endpoint}/api", lambda: next(found), direct=True))


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
@pytest.mark.parametrize("method", CALLS)
def test_every_refusal_shows_kaggles_own_words(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, method: str, status: int, nested: bool
) -> None:
    local_kaggle.answer(method, words(status, nested=nested), status)
    with pytest.raises(KitError) as caught:
        CALLS[method](kaggle)
    assert WORDS in caught.value.message
    assert caught.value.code != "bad_credentials"


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
def test_a_source_that_is_not_shown_comes_with_kaggles_words(
    local_kaggle: LocalKaggle, kaggle: KaggleApi, nested: bool
) -> None:
    local_kaggle.answer("GetDatasetStatus", words(403, nested=nested), 403)
    (problem,) = kaggle.source_problems(Sources(datasets=("a/b",)))
    assert WORDS in problem.message


def test_a_token_that_kaggle_calls_inactive_is_to_be_replaced(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(KitError) as caught:
        connect_local(local_kaggle.endpoint, "wrong").quota()
    assert (caught.value.code, caught.value.exit_code) == ("bad_credentials", 4)
    assert "Unauthenticated" in caught.value.message


def test_a_login_that_ends_during_a_command_is_renewed(local_kaggle: LocalKaggle) -> None:
    ended = Credentials("OAuth login", "a test", "ended", "local")
    renewed = Credentials("OAuth login", "a test", local_kaggle.token, "local")
    assert with_credentials(local_kaggle, ended, renewed).quota().pools


def test_a_legacy_key_that_is_refused_is_named_with_kaggles_words(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.settings(legacy_key_refused=1)
    key = Credentials("API key", "kaggle.json", local_kaggle.token, "local", bearer=False)
    with pytest.raises(KitError) as caught:
        with_credentials(local_kaggle, key).quota()
    assert caught.value.code == "bad_credentials"
    assert "API key from kaggle.json" in caught.value.message
    assert "Unauthenticated" in caught.value.message
