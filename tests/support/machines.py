"""Another machine of the same user: it has no ledger, and reaches the same local Kaggle."""

from __future__ import annotations

from pathlib import Path

import pytest


def use_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give kitctl a home without a ledger, on the same local Kaggle."""
    other = tmp_path / "other-home"
    other.mkdir()
    (other / "local").symlink_to((tmp_path / "home" / "local").resolve())
    monkeypatch.setenv("KITCTL_HOME", str(other))
