"""Uploads before a data set takes them."""

from __future__ import annotations

import pytest

from kitctl.local.state.errors import ApiError
from kitctl.local.state.local_state import LocalState


def test_a_blob_is_complete_once_all_its_bytes_have_arrived(local_state: LocalState) -> None:
    blob = local_state.blobs.create("ten.txt", 10)
    assert local_state.blobs.received_bytes(blob) == 0
    blob.path.write_bytes(b"0123")
    assert local_state.blobs.received_bytes(blob) == 4
    with pytest.raises(ApiError, match=r'"ten.txt" is not complete'):
        local_state.blobs.get_complete(blob.token)
    blob.path.write_bytes(b"0123456789")
    assert local_state.blobs.get_complete(blob.token) == blob


def test_two_blobs_of_one_name_have_tokens_and_files_of_their_own(local_state: LocalState) -> None:
    first, second = (local_state.blobs.create("a.txt", 1) for _ in range(2))
    assert first.token != second.token and first.path != second.path


def test_a_deleted_blob_is_not_found_and_its_file_is_gone(local_state: LocalState) -> None:
    blob = local_state.blobs.create("a.txt", 1)
    local_state.blobs.delete(blob)
    assert not blob.path.exists()
    with pytest.raises(ApiError) as raised:
        local_state.blobs.get(blob.token)
    assert raised.value.status == 404
