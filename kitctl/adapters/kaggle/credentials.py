"""The user's credentials: every kind that the official client knows, in its order."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kitctl.errors import NetworkFailed, Refused

HINT = (
    "Make a token at https://www.kaggle.com/settings, then save it as ~/.kaggle/access_token"
    " (or run `kaggle auth login`); `--local` needs no account."
)

# An OAuth login's access token is renewed when it is valid for less than this.
_OAUTH_MARGIN = timedelta(minutes=5)

# What tokens and keys are made of, and what gets into them by a wrong copy.
_SENDABLE = re.compile(r"[!#-&(-~]+")
_FLAWS = {
    "a byte order mark": {"\ufeff"},
    "a line break": {"\n", "\r"},
    "white space": {" ", "\t", "\xa0"},
    "quotation marks": set("\"'\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb"),
    "control characters": {chr(code) for code in (*range(32), 127)},
}


@dataclass(frozen=True)
class Credentials:
    """A token (`bearer`), or a user name with a key; the secret is never shown."""

    kind: str
    origin: str
    secret: str = field(repr=False)
    username: str = ""
    bearer: bool = True

    def __str__(self) -> str:
        return f"{self.kind} from {self.origin}"


def find_credentials(environ: Mapping[str, str] = os.environ) -> Credentials:
    """Return the first credentials that are set.

    Raises:
        Refused: there are none, or a login has ended.
        NetworkFailed: Kaggle could not be reached to renew a login.
    """
    credentials = _access_token(environ) or _legacy_key(environ) or _oauth_login()
    if credentials is None:
        raise Refused(
            "There are no Kaggle credentials on this machine. Nothing was sent.",
            code="no_credentials",
            hint=HINT,
        )
    return credentials


def _access_token(environ: Mapping[str, str]) -> Credentials | None:
    value = environ.get("KAGGLE_API_TOKEN", "").strip()
    if value:
        is_path = len(value) < 4096 and _is_file(Path(value))
        token = (_read(Path(value)) or "").strip() if is_path else value
        origin = f"the file {value} (KAGGLE_API_TOKEN)" if is_path else "KAGGLE_API_TOKEN"
        if not token:
            raise Refused(f"The access token in {origin} is empty.", code="no_credentials")
        return Credentials("access token", origin, _sendable(token, origin))
    for name in ("access_token", "access_token.txt"):
        origin = f"~/.kaggle/{name}"
        token = (_read(_home_file(name)) or "").strip()
        if token:
            return Credentials("access token", origin, _sendable(token, origin))
    return None


def _legacy_key(environ: Mapping[str, str]) -> Credentials | None:
    username, key = environ.get("KAGGLE_USERNAME"), environ.get("KAGGLE_KEY")
    origin = "KAGGLE_USERNAME and KAGGLE_KEY"
    if not (username and key):
        path = _config_folder(environ) / "kaggle.json"
        stored = _read_object(path)
        if stored is None:
            return None
        username, key = username or _text(stored, "username"), key or _text(stored, "key")
        origin = str(path)
        if not (username and key):
            raise _unreadable(path, "holds no username with a key")
    return Credentials(
        "API key", origin, _sendable(key, origin), _sendable(username, origin), bearer=False
    )


def _config_folder(environ: Mapping[str, str]) -> Path:
    if environ.get("KAGGLE_CONFIG_DIR"):
        return Path(os.path.expanduser(environ["KAGGLE_CONFIG_DIR"]))  # noqa: PTH111
    folder = _home_file("")
    if sys.platform.startswith("linux") and not folder.exists():
        base = environ.get("XDG_CONFIG_HOME") or folder.parent / ".config"
        return Path(base) / "kaggle"
    return folder


def _home_file(name: str) -> Path:
    """Return the path of a file in ~/.kaggle.

    Where there is no home folder the path begins with `~`, as no file's does.
    """
    # Path.home() and Path.expanduser() fail for a user without a name.
    return Path(os.path.expanduser("~/.kaggle"), name)  # noqa: PTH111


def _sendable(secret: str, origin: str) -> str:
    """Return the secret.

    Raises:
        Refused: it has characters that no header can carry; the secret itself is not shown.
    """
    if _SENDABLE.fullmatch(secret):
        return secret
    flaw = next((flaw for flaw, characters in _FLAWS.items() if characters & set(secret)), "")
    raise Refused(
        f"What stands in {origin} holds {flaw or 'characters beyond ASCII'}, so it is not used.",
        code="bad_credentials",
        hint="Copy the token again, by itself: one line without quotes, saved as UTF-8.",
    )


def _oauth_login() -> Credentials | None:
    """Return the login of `kaggle auth login`; Kaggle's own client renews it before it ends."""
    stored = _read_object(_home_file("credentials.json"))
    if not (stored and stored.get("refresh_token")):
        return None
    token, origin = str(stored.get("access_token") or ""), "`kaggle auth login`"
    if not token or _ends_soon(stored.get("access_token_expiration")):
        token = _renew()
    return Credentials("OAuth login", origin, _sendable(token, origin), _text(stored, "username"))


def _ends_soon(expiration: object) -> bool:
    try:
        end = datetime.fromisoformat(str(expiration))
    except ValueError:
        return True
    return end.replace(tzinfo=end.tzinfo or UTC) < datetime.now(UTC) + _OAUTH_MARGIN


def _renew() -> str:
    import requests
    from kagglesdk.kaggle_client import KaggleClient
    from kagglesdk.kaggle_creds import KaggleCredentials

    credentials = KaggleCredentials.load(client=KaggleClient())
    try:
        credentials.refresh_access_token()
    except requests.HTTPError:
        raise Refused(
            "The Kaggle login on this machine has ended.",
            code="bad_credentials",
            hint="kaggle auth login",
        ) from None
    except requests.RequestException:
        raise NetworkFailed(
            "Kaggle could not be reached to renew the login.", hint="Try again in a minute."
        ) from None
    return str(credentials.get_access_token())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> str | None:
    """Return a file's text; None where there is no such file.

    Raises:
        Refused: the file is there and cannot be read.
    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise _unreadable(path.parent, "is no folder") from None
    except UnicodeDecodeError:
        raise _unreadable(path, "is not written in UTF-8") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, f"cannot be read ({_reason(error)})") from None


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or "an impossible name"


def _read_object(path: Path) -> dict[str, object] | None:
    """Return a file's JSON object; None where there is no such file.

    Raises:
        Refused: the file is there and cannot be read.
    """
    text = _read(path)
    if text is None:
        return None
    try:
        stored = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise _unreadable(path, "is no JSON; it may be cut off") from None
    if not isinstance(stored, dict):
        raise _unreadable(path, "holds no JSON object")
    return stored


def _text(stored: Mapping[str, object], key: str) -> str:
    value = stored.get(key)
    return value.strip() if isinstance(value, str) else ""


def _unreadable(path: Path, flaw: str) -> Refused:
    return Refused(
        f"The credentials in {path} were not used: it {flaw}. Nothing was sent.",
        code="unreadable_credentials",
        hint="Download the file again at https://www.kaggle.com/settings, or remove it.",
    )
