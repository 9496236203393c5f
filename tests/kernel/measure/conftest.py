"""Photos to measure pipelines on."""

from pathlib import Path

import pytest

from kernel.data.photos import Photos


@pytest.fixture(scope="module")
def photos(two_classes: Path) -> Photos:
    """Return the training photos of two classes."""
    paths = sorted(map(str, (two_classes / "train").rglob("*.*")))
    return Photos(tuple(paths), tuple(int("Truck" in path) for path in paths), ("Car", "Truck"))
