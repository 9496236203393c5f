"""Files over signed URLs: ranges, expiry and signatures of downloads; resumed uploads."""

from __future__ import annotations

import base64

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle
from support.uploads import put, start_upload


def url_of(server: LocalKaggle, slug: str) -> str:
    """Return the signed URL of a run's first output."""
    page = server.call("ListKernelSessionOutput", userName="local", kernelSlug=slug)
    return str(page["files"][0]["url"])


def test_a_download_starts_at_any_byte_if_the_file_is_unchanged(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a b/ü.txt", "text": "0123456789"}])
    url = url_of(local_kaggle, "one-file")
    whole = local_kaggle.open(url)
    assert whole.read() == b"0123456789"
    assert whole.headers["Accept-Ranges"] == "bytes" and whole.headers["ETag"]
    rest = local_kaggle.open(url, Range="bytes=7-", If_Range=whole.headers["ETag"])
    assert (rest.status, rest.read()) == (206, b"789")
    changed = local_kaggle.open(url, Range="bytes=7-", If_Range='"other"')
    assert (changed.status, changed.read()) == (200, b"0123456789")


def test_a_signed_url_works_without_the_token_and_only_unchanged(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a.txt", "text": "secret"}])
    url = url_of(local_kaggle, "one-file")
    assert local_kaggle.open(url, Authorization="none").read() == b"secret"
    start, signed, name = url.rsplit("/", 2)
    payload, signature = signed.split(".")
    other = base64.urlsafe_b64encode(b'["output", "2", 9999999999]').decode().rstrip("=")
    for forged in (f"{other}.{signature}", f"{payload}.{signature[:-2]}", payload):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.open(f"{start}/{forged}/{name}", Authorization="none")
        assert answered.value.status == 403


def test_a_signed_url_expires_and_a_new_one_works(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a.txt", "text": "x"}])
    url = url_of(local_kaggle, "one-file")
    local_kaggle.advance(3601)
    with pytest.raises(AnsweredError, match="ExpiredToken") as answered:
        local_kaggle.open(url)
    assert answered.value.status == 400
    assert local_kaggle.open(url_of(local_kaggle, "one-file")).read() == b"x"


def test_an_upload_is_resumed_where_it_stopped(local_kaggle: LocalKaggle) -> None:
    url = start_upload(local_kaggle, "ten.txt", 10)["createUrl"]
    assert put(local_kaggle, url, b"", "bytes */10") == (308, "")
    assert put(local_kaggle, url, b"0123", "bytes 0-3/10") == (308, "bytes=0-3")
    assert put(local_kaggle, url, b"", "bytes */10") == (308, "bytes=0-3")
    # After a gap, nothing is accepted.
    assert put(local_kaggle, url, b"89", "bytes 8-9/10") == (308, "bytes=0-3")
    assert put(local_kaggle, url, b"456789", "bytes 4-9/10") == (200, "")
    assert put(local_kaggle, url, b"", "bytes */10") == (200, "")


def test_an_upload_with_too_many_bytes_is_refused(local_kaggle: LocalKaggle) -> None:
    url = start_upload(local_kaggle, "two.txt", 2)["createUrl"]
    assert put(local_kaggle, url, b"012")[0] == 400


def test_the_url_of_a_download_takes_no_upload(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a.txt", "text": "x"}])
    assert put(local_kaggle, url_of(local_kaggle, "one-file"), b"y")[0] == 403
