"""Users of another kind than the one who runs the tests."""

from __future__ import annotations

import os

import pytest


def become_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the home folder, as for a container's user whose number no list of users has."""
    if os.name != "posix":
        pytest.skip("Windows has no users without a name")
    import pwd

    def fail(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", fail)
