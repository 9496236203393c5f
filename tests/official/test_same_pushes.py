"""A folder pushed with kitctl is stored as one pushed with the official client."""

from __future__ import annotations

import random
from pathlib import Path

from support.compared_pushes import check_alike, compare
from support.local_setup import LocalSetup


def test_folders_of_many_kinds_are_stored_alike(setup: LocalSetup, tmp_path: Path) -> None:
    check_alike(compare(setup, tmp_path, random.Random("eight of a hundred"), count=8))
