"""Signed URLs: good without the token, for one file, until their time is up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeGuard, get_args
from urllib.parse import quote

from kitctl.local.state.clock import Clock
from kitctl.local.state.settings import ServerSettings

Use = Literal["output", "upload", "dataset"]


class LinkExpired(Exception):
    """It was good once."""


class LinkForged(Exception):
    """It was not made here."""


@dataclass(frozen=True)
class Grant:
    """What a signed URL allows: one use of one thing."""

    use: Use
    key: str


class Links:
    """Makes and reads signed URLs. Their key comes from the token, so they outlive a restart."""

    def __init__(self, endpoint: str, token: str, clock: Clock, settings: ServerSettings) -> None:
        self._endpoint = endpoint
        self._key = hashlib.sha256(f"kitctl local links {token}".encode()).digest()
        self._clock = clock
        self._settings = settings

    def output(self, output_id: int, name: str) -> str:
        return self._url("output", str(output_id), name)

    def dataset(self, path: Path) -> str:
        return self._url("dataset", str(path), path.name)

    def upload(self, token: str, name: str) -> str:
        return self._url("upload", token, name)

    def _url(self, use: Use, key: str, name: str) -> str:
        expires = self._clock.now() + self._settings["url_seconds"]
        payload = _encode(json.dumps([use, key, expires]).encode())
        # Clients take the file's name from the end of the address.
        end = quote(name.replace("\\", "/").rsplit("/", 1)[-1] or "file", safe="")
        return f"{self._endpoint}/_files/{payload}.{self._sign(payload)}/{end}"

    def read(self, signed: str) -> Grant:
        """The grant behind the middle part of a URL.

        Raises:
            LinkForged: the signature is wrong.
            LinkExpired: its time is up.
        """
        payload, _, signature = signed.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            raise LinkForged
        use, key, expires = json.loads(_decode(payload))
        if self._clock.now() >= expires:
            raise LinkExpired
        if not _is_use(use):
            raise LinkForged
        return Grant(use, key)

    def _sign(self, payload: str) -> str:
        return _encode(hmac.digest(self._key, payload.encode(), "sha256"))


def _is_use(value: str) -> TypeGuard[Use]:
    return value in get_args(Use)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
