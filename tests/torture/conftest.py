"""Long tests that draw their cases by chance: `make torture`, not part of `make test`.

KITCTL_TORTURE_SEED repeats the cases of an earlier call, which has printed its seed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

SEED = int(os.environ.get("KITCTL_TORTURE_SEED") or random.SystemRandom().randrange(10**6))


def pytest_report_header() -> str:
    return f"torture: KITCTL_TORTURE_SEED={SEED}"


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The source of chance of one test: the same for the same seed and test."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session", autouse=True)
def seed_at_the_end() -> Iterator[None]:
    yield
    print(f"\nTo repeat these cases: KITCTL_TORTURE_SEED={SEED} make torture")
