"""The fault "answer": any response at all, with or without the call's effect."""

from __future__ import annotations

import gzip
import http.client

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle, until

SAVE = "/api/v1/kernels.KernelsApiService/SaveKernel"


def versions(server: LocalKaggle) -> int:
    kernels = server.call("ListKernels", group="PROFILE")["kernels"]
    return int(kernels[0]["currentVersionNumber"]) if kernels else 0


def save(server: LocalKaggle) -> bytes:
    """Push, and return the bytes of whatever is answered."""
    request = (
        b'{"slug": "local/one-job", "newTitle": "One job", "text": "print(1)",'
        b' "language": "python", "kernelType": "script"}'
    )
    body: bytes = server.open(SAVE, request).read()
    return body


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_push_can_take_effect_whatever_is_answered(
    local_kaggle: LocalKaggle, after_effect: bool
) -> None:
    local_kaggle.answer("SaveKernel", "<html>Welcome</html>", after_effect=after_effect)
    assert save(local_kaggle) == b"<html>Welcome</html>"
    assert versions(local_kaggle) == int(after_effect)


def test_a_push_can_take_effect_after_its_answer(local_kaggle: LocalKaggle) -> None:
    local_kaggle.answer("SaveKernel", "null", after_effect=True, effect_after_seconds=60)
    assert save(local_kaggle) == b"null"
    assert versions(local_kaggle) == 0
    local_kaggle.advance(60)
    until(lambda: versions(local_kaggle) == 1)
    assert local_kaggle.wait("one-job") == "COMPLETE"


def test_a_reset_cancels_an_effect_that_is_still_to_come(local_kaggle: LocalKaggle) -> None:
    local_kaggle.answer("SaveKernel", after_effect=True, effect_after_seconds=60)
    save(local_kaggle)
    local_kaggle.reset()
    local_kaggle.advance(60)
    local_kaggle.push("another", "print(2)")
    assert local_kaggle.wait("another") == "COMPLETE"
    assert len(local_kaggle.call("ListKernels")["kernels"]) == 1


@pytest.mark.parametrize("status", [429, 502, 520, 524, 599])
def test_an_error_of_any_number_can_hide_a_push_that_was_taken(
    local_kaggle: LocalKaggle, status: int
) -> None:
    local_kaggle.answer("SaveKernel", "busy", status, {"Retry-After": "1"}, after_effect=True)
    with pytest.raises(AnsweredError) as answered:
        save(local_kaggle)
    assert (answered.value.status, answered.value.body) == (status, "busy")
    assert answered.value.headers["Retry-After"] == "1"
    assert versions(local_kaggle) == 1


def test_an_answer_can_be_empty_and_without_content(local_kaggle: LocalKaggle) -> None:
    for status in (200, 204):
        local_kaggle.answer("ListKernels", status=status)
        response = local_kaggle.open("/api/v1/kernels.KernelsApiService/ListKernels", b"{}")
        assert (response.status, response.read()) == (status, b"")


def test_bytes_are_sent_as_they_are(local_kaggle: LocalKaggle) -> None:
    damaged = gzip.compress(b'{"versionNumber": 1}')[:-6]
    local_kaggle.answer("SaveKernel", damaged, headers={"Content-Encoding": "gzip"})
    assert save(local_kaggle) == damaged


def test_an_answer_that_promises_more_bytes_than_it_has_is_cut_off(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.answer("SaveKernel", '{"versionNu', headers={"Content-Length": "40"})
    with pytest.raises(http.client.IncompleteRead) as broken:
        save(local_kaggle)
    assert broken.value.partial == b'{"versionNu'


def test_an_answer_can_lead_elsewhere(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-job", files=[{"name": "a.txt", "text": "x"}])
    where = {"userName": "local", "kernelSlug": "one-job"}
    url = local_kaggle.call("ListKernelSessionOutput", **where)["files"][0]["url"]
    local_kaggle.answer("logs", status=302, headers={"Location": url})
    assert local_kaggle.open("/api/v1/kernels/logs/stream/local/one-job").read() == b"x"


def test_a_body_that_is_no_base64_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError, match="base64"):
        local_kaggle.admin("faults", kind="answer", body_base64="!")
