"""The local Kaggle's settings: defaults, changes, and a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitctl.local.state.errors import ApiError
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.settings import DEFAULTS


def test_a_new_folder_has_the_defaults(local_state: LocalState) -> None:
    assert dict(local_state.settings) == dict(DEFAULTS)
    assert len(local_state.settings) == len(DEFAULTS)


def test_a_changed_setting_is_kept_over_a_restart(tmp_path: Path) -> None:
    first = LocalState(tmp_path / "state")
    first.settings["queue_seconds"] = 12.5
    first.close()
    second = LocalState(tmp_path / "state")
    assert second.settings["queue_seconds"] == 12.5
    second.close()


def test_a_deleted_setting_has_its_default_again(local_state: LocalState) -> None:
    local_state.settings["queue_seconds"] = 12.5
    del local_state.settings["queue_seconds"]
    assert local_state.settings["queue_seconds"] == DEFAULTS["queue_seconds"]


def test_an_unknown_setting_is_a_bad_request(local_state: LocalState) -> None:
    with pytest.raises(ApiError, match=r"No setting is called \"gravity\"") as raised:
        local_state.settings["gravity"] = 9.81
    assert raised.value.status == 400
