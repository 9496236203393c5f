"""The user's credentials: every kind that the official client knows, in its order."""

from __future__ import annotations

import json
import os
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
        token = _read_text(Path(value)) if is_path else value
        origin = f"the file {value} (KAGGLE_API_TOKEN)" if is_path else "KAGGLE_API_TOKEN"
        if not token:
            raise Refused(f"The access token in {origin} is empty.", code="no_credentials")
        return Credentials("access token", origin, token)
    for name in ("access_token", "access_token.txt"):
        token = _read_text(Path.home() / ".kaggle" / name)
        if token:
            return Credentials("access token", f"~/.kaggle/{name}", token)
    return None


def _legacy_key(environ: Mapping[str, str]) -> Credentials | None:
    path = _config_folder(environ) / "kaggle.json"
    stored = _read_json(path)
    username = environ.get("KAGGLE_USERNAME") or stored.get("username")
    key = environ.get("KAGGLE_KEY") or stored.get("key")
    if not (isinstance(username, str) and isinstance(key, str) and username and key):
        return None
    origin = "KAGGLE_USERNAME and KAGGLE_KEY" if environ.get("KAGGLE_KEY") else str(path)
    return Credentials("API key", origin, key, username, bearer=False)


def _config_folder(environ: Mapping[str, str]) -> Path:
    if environ.get("KAGGLE_CONFIG_DIR"):
        return Path(environ["KAGGLE_CONFIG_DIR"]).expanduser()
    folder = Path.home() / ".kaggle"
    if sys.platform.startswith("linux") and not folder.exists():
        base = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(base) / "kaggle"
    return folder


def _oauth_login() -> Credentials | None:
    """Return the login of `kaggle auth login`; Kaggle's own client renews it before it ends."""
    path = Path.home() / ".kaggle" / "credentials.json"
    stored = _read_json(path)
    if not stored.get("refresh_token"):
        return None
    token, origin = str(stored.get("access_token") or ""), "`kaggle auth login`"
    if not token or _ends_soon(stored.get("access_token_expiration")):
        token = _renew()
    return Credentials("OAuth login", origin, token, str(stored.get("username") or ""))


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


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _read_json(path: Path) -> dict[str, object]:
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}
