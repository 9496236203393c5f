"""Every kind of credentials that the official client knows, in its order."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kitctl.adapters.kaggle.credentials import Credentials, find_credentials
from kitctl.errors import Refused, hint_text

LEGACY = {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "0123456789abcdef"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without credentials."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / ".kaggle").mkdir()
    return tmp_path


def test_missing_credentials_are_refused_with_the_way_to_get_them() -> None:
    with pytest.raises(Refused) as caught:
        find_credentials({})
    assert (caught.value.code, caught.value.exit_code) == ("no_credentials", 4)
    hint = hint_text(caught.value.hint)
    assert "kaggle.com/settings" in hint and "--local" in hint


def test_an_access_token_may_be_a_value_or_a_path(tmp_path: Path) -> None:
    assert find_credentials({"KAGGLE_API_TOKEN": "abc"}).secret == "abc"
    (tmp_path / "token").write_text("def\n", "utf-8")
    credentials = find_credentials({"KAGGLE_API_TOKEN": str(tmp_path / "token"), **LEGACY})
    assert (credentials.secret, credentials.bearer) == ("def", True)


@pytest.mark.parametrize("name", ["access_token", "access_token.txt"])
def test_an_access_token_may_be_a_file_in_the_home_folder(home: Path, name: str) -> None:
    (home / ".kaggle" / name).write_text("abc\n", "utf-8")
    assert find_credentials(LEGACY).secret == "abc"


def test_a_legacy_key_may_be_in_the_environment() -> None:
    credentials = find_credentials(LEGACY)
    assert (credentials.username, credentials.secret, credentials.bearer) == (
        "ada",
        "0123456789abcdef",
        False,
    )


@pytest.mark.parametrize("configured", [True, False])
def test_a_legacy_key_may_be_in_kaggle_json(home: Path, tmp_path: Path, configured: bool) -> None:
    folder = tmp_path / "elsewhere" if configured else home / ".kaggle"
    folder.mkdir(exist_ok=True)
    (folder / "kaggle.json").write_text(json.dumps({"username": "bob", "key": "k"}), "utf-8")
    credentials = find_credentials({"KAGGLE_CONFIG_DIR": str(folder)} if configured else {})
    assert (credentials.username, credentials.secret) == ("bob", "k")


def test_a_kaggle_json_that_is_no_json_is_ignored(home: Path) -> None:
    (home / ".kaggle" / "kaggle.json").write_text("{not json", "utf-8")
    with pytest.raises(Refused):
        find_credentials({})


def test_an_oauth_login_is_used_while_it_is_valid(home: Path) -> None:
    stored = {
        "refresh_token": "refresh",
        "access_token": "abc",
        "access_token_expiration": (datetime.now(UTC) + timedelta(hours=2)).isoformat(),
        "username": "ada",
    }
    (home / ".kaggle" / "credentials.json").write_text(json.dumps(stored), "utf-8")
    credentials = find_credentials({})
    assert (credentials.secret, credentials.username, credentials.bearer) == ("abc", "ada", True)


def test_credentials_never_show_their_secret() -> None:
    credentials = Credentials("access token", "KAGGLE_API_TOKEN", "s3cr3t")
    assert "s3cr3t" not in f"{credentials} {credentials!r}"
