"""Whatever folder the official client takes, kitctl takes it too and stores the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.compared_pushes import check_alike, compare
from support.local_setup import LocalSetup

pytestmark = [pytest.mark.torture, pytest.mark.timeout(600)]


def test_a_hundred_folders_are_stored_alike(
    setup: LocalSetup, tmp_path: Path, chance: random.Random
) -> None:
    check_alike(compare(setup, tmp_path, chance, count=100))
