"""Photos on both sides of the split are reported."""

from kernel.data.overlap import overlap
from kernel.data.photos import Photos, PhotoSet


def photos_of(digests: str) -> Photos:
    return Photos(tuple(digests), (0,) * len(digests), ("Car", "Truck"), tuple(digests))


def test_photos_that_are_both_trained_and_validated_on_are_reported() -> None:
    assert "1 of 2 photos to validate on" in overlap(PhotoSet(photos_of("ab"), photos_of("bc"), ()))
    assert not overlap(PhotoSet(photos_of("ab"), photos_of("cd"), ()))
