"""Signed URLs: each gives access to one file without the token, until it expires."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeGuard, get_args
from urllib.parse import quote

from kitctl.local.state.clock import ServerClock
from kitctl.local.state.settings import ServerSettings

Kind = Literal["output", "upload", "file", "log"]


class SignatureExpired(Exception):
    """The URL was valid once."""


class BadSignature(Exception):
    """The URL was not made by this server, or was changed."""


@dataclass(frozen=True)
class SignedResource:
    """What a signed URL gives access to.

    `key` is the id of an output, the token of an upload, the path of a data set's file or of an
    archive, or the id of the session whose log it is.
    """

    kind: Kind
    key: str


class SignedUrls:
    """Make and verify signed URLs. The signing key comes from the token, so a restart keeps it."""

    def __init__(
        self, endpoint: str, token: str, clock: ServerClock, settings: ServerSettings
    ) -> None:
        self._endpoint = endpoint
        self._signing_key = hashlib.sha256(f"kitctl local links {token}".encode()).digest()
        self._clock = clock
        self._settings = settings

    def output(self, output_id: int, name: str) -> str:
        """Return the URL that downloads a run's output file."""
        return self._url(SignedResource("output", str(output_id)), name)

    def file(self, path: Path) -> str:
        """Return the URL that downloads a data set's file, or an archive."""
        return self._url(SignedResource("file", str(path)), path.name)

    def log(self, session_id: int) -> str:
        """Return the URL that downloads the log of a session that has ended."""
        return self._url(SignedResource("log", str(session_id)), "log.json")

    def upload(self, token: str, name: str) -> str:
        """Return the URL that an announced file is uploaded to."""
        return self._url(SignedResource("upload", token), name)

    def verify(self, signed: str) -> SignedResource:
        """Return the resource that the middle part of a URL names.

        Raises:
            BadSignature: the signature is wrong.
            SignatureExpired: the URL has expired.
        """
        payload, _, signature = signed.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            raise BadSignature
        kind, key, expires_at = json.loads(_decode(payload))
        if self._clock.now() >= expires_at:
            raise SignatureExpired
        if not _is_kind(kind):
            raise BadSignature
        return SignedResource(kind, key)

    def _url(self, resource: SignedResource, name: str) -> str:
        expires_at = self._clock.now() + self._settings["url_seconds"]
        payload = _encode(json.dumps([resource.kind, resource.key, expires_at]).encode())
        # Clients take the file's name from the end of the address.
        end = quote(name.replace("\\", "/").rsplit("/", 1)[-1] or "file", safe="")
        return f"{self._endpoint}/_files/{payload}.{self._sign(payload)}/{end}"

    def _sign(self, payload: str) -> str:
        return _encode(hmac.digest(self._signing_key, payload.encode(), "sha256"))


def _is_kind(value: str) -> TypeGuard[Kind]:
    return value in get_args(Kind)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
