"""Hashes of whole files and of downloads."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kitctl.adapters.hashing import MAX_PENDING_PIECES, PIECE_BYTES, BackgroundHash, hash_file
from kitctl.domain.results.files import Algorithm

LONG = bytes(range(256)) * (PIECE_BYTES // 256)


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b"])
@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"short"],
        [LONG, LONG, b"the rest"],
        [b"short", LONG, b"short again", LONG],
        [LONG] * (3 * MAX_PENDING_PIECES) + [b"the rest"],
    ],
)
def test_pieces_have_the_hash_of_the_whole(pieces: list[bytes], algorithm: Algorithm) -> None:
    with BackgroundHash(algorithm) as digest:
        for piece in pieces:
            digest.update(piece)
        result = digest.hexdigest()
    assert result == hashlib.new(algorithm, b"".join(pieces)).hexdigest()


def test_a_hash_can_be_read_between_pieces() -> None:
    with BackgroundHash("sha256") as digest:
        digest.update(LONG)
        assert digest.hexdigest() == hashlib.sha256(LONG).hexdigest()
        digest.update(LONG)
        assert digest.hexdigest() == hashlib.sha256(2 * LONG).hexdigest()


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b"])
def test_a_file_is_hashed_with_its_size(tmp_path: Path, algorithm: Algorithm) -> None:
    path = tmp_path / "file"
    path.write_bytes(LONG + b"the rest")
    downloaded = hash_file(path, algorithm)
    assert downloaded.bytes == len(LONG) + 8
    assert downloaded.digest == hashlib.new(algorithm, LONG + b"the rest").hexdigest()
