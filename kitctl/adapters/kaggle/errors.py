"""Kaggle's answers: what is an error, what it means for the user, and what may be tried again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kitctl.adapters.kaggle.credentials import HINT, Credentials
from kitctl.errors import Hint, InvalidInput, KitError, NetworkFailed, Refused

if TYPE_CHECKING:
    from kitctl.adapters.http import Response, TransportError

_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class RetryLater(Exception):
    """A failure that may pass.

    `error` is what to say when it does not; `retry_after` is how long Kaggle asks to wait;
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
    """Kaggle shows no such thing to this account: it is not there, or not ours (403 and 404)."""

    default_code = "not_found"

    def __init__(self, message: str, *, words: str, hint: Hint) -> None:
        super().__init__(message, hint=hint)
        self.words = words


def unreachable(error: TransportError) -> RetryLater:
    """What it means that no answer came."""
    return RetryLater(
        NetworkFailed(error.why, code="unreachable", hint="Check the connection, then try again."),
        refused=error.refused,
    )


def check_answer(answer: Response, credentials: Credentials) -> dict[str, Any]:
    """The answer's JSON object.

    Raises Again for what may pass, Refused, NotShown or InvalidInput for what will not.
    """
    payload = _object(answer)
    status, words = answer.status, ""
    if payload is not None:
        code = payload.get("code")
        words = str(payload.get("message") or "")
        # Kaggle sends some of its errors as a 200.
        if status < 400 and isinstance(code, int) and code >= 400:
            status = code
    if status >= 400:
        raise _failure(status, words, answer, credentials)
    if payload is None or status >= 300:
        raise NetworkFailed(
            "What answered is not Kaggle: a proxy or a login page stands in between.",
            code="not_kaggle",
            hint="Open https://www.kaggle.com in a browser on this network, then try again.",
        )
    return payload


def _object(answer: Response) -> dict[str, Any] | None:
    try:
        payload = json.loads(answer.body)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def _failure(status: int, words: str, answer: Response, credentials: Credentials) -> Exception:
    quoted = f' It says: "{words}"' if words else ""
    if status == 429:
        return RetryLater(
            NetworkFailed(
                f"Kaggle asks for fewer requests (HTTP 429).{quoted}",
                code="too_many_requests",
                hint="Wait a few minutes, then try again.",
            ),
            retry_after=_retry_after(answer),
            refused=True,
        )
    if status in _PASSING:
        return RetryLater(
            NetworkFailed(
                f"Kaggle is in trouble (HTTP {status}).{quoted}",
                code="kaggle_failed",
                hint="Try again in a few minutes.",
            ),
            retry_after=_retry_after(answer),
        )
    if status == 401:
        return Refused(
            f"Kaggle does not accept the {credentials}.", code="bad_credentials", hint=HINT
        )
    if status in {403, 404}:
        return NotVisible(
            f"Kaggle shows no such thing to this account (HTTP {status}).{quoted}",
            words=words or f"HTTP {status}",
            hint="Check its name, and that it is this account's or public.",
        )
    return InvalidInput(
        f"Kaggle refused the request (HTTP {status}).{quoted}", code="kaggle_refused"
    )


def _retry_after(answer: Response) -> float | None:
    try:
        return max(0.0, float(answer.headers.get("retry-after", "")))
    except ValueError:
        return None
