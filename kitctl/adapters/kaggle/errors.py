"""Kaggle's errors: what each means for the user, and which may be tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kitctl.adapters.http import TransportError
from kitctl.adapters.kaggle.credentials import HINT, Credentials
from kitctl.errors import Hint, InvalidInput, KitError, NetworkFailed, Refused

if TYPE_CHECKING:
    from kitctl.adapters.http import Response

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class RetryLater(Exception):
    """A failure that may pass.

    `error` is raised when it does not; `retry_after` is how many seconds Kaggle asks to wait;
    `refused` is True where Kaggle surely did nothing.
    """

    def __init__(
        self, error: KitError, *, retry_after: float | None = None, refused: bool = False
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after
        self.refused = refused


class NotVisible(InvalidInput):
    """Kaggle shows no such thing to this account: it does not exist, or is another's (403, 404).

    `kaggle_message` is Kaggle's own text.
    """

    default_code = "not_found"

    def __init__(self, message: str, *, kaggle_message: str, hint: Hint) -> None:
        super().__init__(message, hint=hint)
        self.kaggle_message = kaggle_message


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn TransportError into RetryLater."""
    try:
        yield
    except TransportError as error:
        raise RetryLater(
            NetworkFailed(
                str(error), code="unreachable", hint="Check the connection, then try again."
            ),
            refused=error.refused,
        ) from None


def parse_response(response: Response, credentials: Credentials) -> dict[str, Any]:
    """Return the response's JSON object.

    Raises:
        RetryLater: a failure that may pass.
        Refused, NotVisible, InvalidInput: a failure that will not.
        NetworkFailed: this is no response of Kaggle's.
    """
    payload = _json_object(response)
    status, message = response.status, ""
    if payload is not None:
        error = payload.get("error")
        # {"error": {"code", "message", "status"}} or {"code", "message"}.
        fields = error if isinstance(error, dict) else payload
        code = fields.get("code")
        message = str(fields.get("message") or "")
        # Kaggle sends some of its errors as a 200.
        if status < 400 and isinstance(code, int) and code >= 400:
            status = code
    if status >= 400:
        raise _error(status, message, response, credentials)
    if payload is None or status >= 300:
        raise NetworkFailed(
            "The answer is not Kaggle's: a proxy or a login page intercepts the connection.",
            code="not_kaggle",
            hint="Open https://www.kaggle.com in a browser on this network, then try again.",
        )
    return payload


def _json_object(response: Response) -> dict[str, Any] | None:
    try:
        payload = json.loads(response.body)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def _error(status: int, message: str, response: Response, credentials: Credentials) -> Exception:
    quoted = f' It says: "{message}"' if message else ""
    if status == 429:
        return RetryLater(
            NetworkFailed(
                f"Kaggle asks for fewer requests (HTTP 429).{quoted}",
                code="too_many_requests",
                hint="Wait a few minutes, then try again.",
            ),
            retry_after=_retry_after(response),
            refused=True,
        )
    if status in _TRANSIENT:
        return RetryLater(
            NetworkFailed(
                f"Kaggle has a problem of its own (HTTP {status}).{quoted}",
                code="kaggle_failed",
                hint="Try again in a few minutes.",
            ),
            retry_after=_retry_after(response),
        )
    if status == 401:
        return Refused(
            f"Kaggle does not accept the {credentials}.", code="bad_credentials", hint=HINT
        )
    if status in {403, 404}:
        return NotVisible(
            f"Kaggle shows no such thing to this account (HTTP {status}).{quoted}",
            kaggle_message=message or f"HTTP {status}",
            hint="Check its name, and that it is this account's or public.",
        )
    return InvalidInput(
        f"Kaggle refused the request (HTTP {status}).{quoted}", code="kaggle_refused"
    )


def _retry_after(response: Response) -> float | None:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None
