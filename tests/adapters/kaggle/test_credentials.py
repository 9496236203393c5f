"""Every kind of credentials that the official client knows, in its order."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.users import become_nobody

from kitctl.adapters.kaggle.credentials import Credentials, find_credentials
from kitctl.errors import Refused, hint_text

SECRET = "s3cr3t-t0k3n"
LEGACY = {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "0123456789abcdef"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without credentials."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / ".kaggle").mkdir()
    return tmp_path


def refusal(environ: dict[str, str]) -> Refused:
    """The refusal of what the environment holds, which never shows a secret."""
    with pytest.raises(Refused) as caught:
        find_credentials(environ)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.hint
    return caught.value


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


def test_a_kaggle_json_may_begin_with_a_byte_order_mark(home: Path) -> None:
    stored = json.dumps({"username": "bob", "key": "k"})
    (home / ".kaggle" / "kaggle.json").write_text(stored, "utf-8-sig")
    assert find_credentials({}).username == "bob"


UNREADABLE = {
    "in UTF-16": json.dumps({"username": "bob", "key": SECRET}).encode("utf-16"),
    "cut off": f'{{"username": "bob", "key": "{SECRET}'.encode(),
    "a list": f'["{SECRET}"]'.encode(),
    "without a key": b'{"username": "bob"}',
    "empty": b"",
    "nested deeply": b"[" * 100_000,
}


@pytest.mark.parametrize("form", UNREADABLE)
def test_a_kaggle_json_that_cannot_be_read_is_named(home: Path, form: str) -> None:
    path = home / ".kaggle" / "kaggle.json"
    path.write_bytes(UNREADABLE[form])
    error = refusal({})
    assert error.code == "unreadable_credentials"
    assert str(path) in error.message


def test_a_folder_in_the_place_of_kaggle_json_is_named(home: Path) -> None:
    (home / ".kaggle" / "kaggle.json").mkdir()
    assert "kaggle.json" in refusal({}).message


def test_a_file_in_the_place_of_the_configuration_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "kaggle-folder"
    file.write_text("{}", "utf-8")
    assert (
        f"{file} were not used: it is no folder"
        in refusal({"KAGGLE_CONFIG_DIR": str(file)}).message
    )


@pytest.mark.parametrize("name", ["access_token", "credentials.json"])
def test_other_files_with_credentials_that_cannot_be_read_are_named(home: Path, name: str) -> None:
    (home / ".kaggle" / name).write_bytes(b"\xff\xfe" + SECRET.encode("utf-16-le"))
    assert name in refusal({}).message


@pytest.mark.parametrize(
    ("token", "flaw"),
    [
        (f"{SECRET}\n{SECRET}", "a line break"),
        (f"{SECRET}\r\nHost: x", "a line break"),
        (f"\ufeff{SECRET}", "a byte order mark"),
        (f"\u201c{SECRET}\u201d", "quotation marks"),
        (f'"{SECRET}"', "quotation marks"),
        (f"{SECRET} {SECRET}", "white space"),
        (f"{SECRET}\x00", "control characters"),
        (f"{SECRET}\u0430", "beyond ASCII"),
        (f"{SECRET}\udc80", "beyond ASCII"),
    ],
)
@pytest.mark.parametrize("variable", ["KAGGLE_API_TOKEN", "KAGGLE_KEY"])
def test_a_secret_that_no_header_can_carry_is_refused_by_its_origin(
    variable: str, token: str, flaw: str
) -> None:
    error = refusal({"KAGGLE_USERNAME": "ada", variable: token})
    assert variable in error.message and flaw in error.message


def test_a_user_without_a_home_and_a_name_has_no_credentials_in_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    become_nobody(monkeypatch)
    assert refusal({}).code == "no_credentials"
    assert find_credentials(LEGACY).username == "ada"


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
