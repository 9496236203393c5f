"""The local Kaggle's state, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitctl.local.state.local_state import LocalState


@pytest.fixture
def local_state(tmp_path: Path) -> Iterator[LocalState]:
    """An empty state in a folder of its own."""
    state = LocalState(tmp_path / "state")
    yield state
    state.close()
