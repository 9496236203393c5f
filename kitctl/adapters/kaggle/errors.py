"""Kaggle's errors: what each means for the user, and which may be tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from kitctl.adapters.http import OPEN_IN_BROWSER, TransportError, retry_after
from kitctl.adapters.kaggle.credentials import HINT, Credentials
from kitctl.domain.runs import durations
from kitctl.errors import Hint, InvalidInput, KitError, NetworkFailed, Refused

if TYPE_CHECKING:
    from kitctl.adapters.http import Response

# Client errors (4xx) that may pass. All errors of the server (5xx) may.
_TRANSIENT = frozenset({408, 425, 429})


class RetryLater(Exception):
    """A failure that may pass.

    `error` is raised when it does not; `retry_after` is how many seconds Kaggle asks to wait;
    `unsent` is True where Kaggle surely did not get the request, `lasting` where a repetition is of
    no use although the failure is one of the network.
    """

    def __init__(
        self,
        error: KitError,
        *,
        retry_after: float | None = None,
        unsent: bool = False,
        lasting: bool = False,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after
        self.unsent = unsent
        self.lasting = lasting


class InDoubt(Exception):
    """It is not known whether a request that was sent once took effect; `error` says why."""

    def __init__(self, error: KitError) -> None:
        super().__init__(error.message)
        self.error = error


class Unauthorized(Exception):
    """Kaggle answered 401, which does not always mean a bad token; `message` is its own text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotVisible(InvalidInput):
    """Kaggle shows no such thing to this account: it does not exist, or is another's (403, 404).

    `kaggle_message` is Kaggle's own text, `status` its HTTP status.
    """

    default_code = "not_found"

    def __init__(self, message: str, *, kaggle_message: str, hint: Hint, status: int = 404) -> None:
        super().__init__(message, hint=hint)
        self.kaggle_message = kaggle_message
        self.status = status


class Reply(NamedTuple):
    """A response as Kaggle means it: some of its errors come as HTTP 200.

    `payload` is None where the body is no JSON object; `message` is the text of an error.
    """

    status: int
    payload: dict[str, Any] | None
    message: str

    @classmethod
    def of(cls, response: Response) -> Reply:
        payload = _json_object(response)
        if payload is None:
            return cls(response.status, None, "")
        error = payload.get("error")
        # {"error": {"code", "message", "status"}} or {"code", "message"}.
        fields = error if isinstance(error, dict) else payload
        status, code = response.status, fields.get("code")
        if status < 400 and isinstance(code, int) and code >= 400:
            status = code
        elif status < 400 and isinstance(error, dict) and error:
            status = 400
        message = fields.get("message") or (error if isinstance(error, str) else "")
        return cls(status, payload, str(message))

    @property
    def is_clear(self) -> bool:
        """Whether it surely is Kaggle's own, and says whether the request took effect."""
        if self.payload is None:
            return False
        refused = 400 <= self.status < 500 and self.status not in _TRANSIENT
        return 200 <= self.status < 300 or (refused and bool(self.message))


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn TransportError into RetryLater."""
    try:
        yield
    except TransportError as error:
        raise RetryLater(
            NetworkFailed(str(error), code=error.code, hint=error.hint),
            unsent=error.refused,
            lasting=error.lasting,
        ) from None


def parse_response(response: Response) -> dict[str, Any]:
    """Return the response's JSON object.

    Raises:
        RetryLater: a failure that may pass.
        Unauthorized: HTTP 401.
        NotVisible, InvalidInput: a failure that will not pass.
    """
    reply = Reply.of(response)
    if reply.status >= 400:
        raise _error(reply, response)
    if reply.payload is None or reply.status >= 300:
        raise RetryLater(_not_kaggle())
    return reply.payload


def in_doubt(response: Response) -> InDoubt:
    """Return the doubt that a response leaves which says nothing clear about the request."""
    reply = Reply.of(response)
    if reply.status < 400:
        return InDoubt(_not_kaggle())
    error = _error(reply, response)
    if isinstance(error, RetryLater):
        return InDoubt(error.error)
    return InDoubt(NetworkFailed(f"The answer is an error without words (HTTP {reply.status})."))


def bad_credentials(credentials: Credentials, message: str) -> Refused:
    """Return the error of credentials that Kaggle refuses, with its own text."""
    return Refused(
        f"Kaggle does not accept the {credentials}.{_quoted(message)}",
        code="bad_credentials",
        hint=HINT,
    )


def not_visible(status: int, message: str) -> NotVisible:
    """Return the error of something that Kaggle does not show to this account."""
    return NotVisible(
        f"Kaggle shows no such thing to this account (HTTP {status}).{_quoted(message)}",
        kaggle_message=message or f"HTTP {status}",
        hint="Check its name, and that it is this account's or public.",
        status=status,
    )


def _json_object(response: Response) -> dict[str, Any] | None:
    try:
        payload = json.loads(response.body)
        # Only such an escape can make half a character.
        payload = _whole_text(payload) if b"\\ud" in response.body.lower() else payload
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _whole_text(value: Any) -> Any:
    """Return the value with each half character as `\\ud83d`: no file and no ledger takes it."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [_whole_text(item) for item in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(item) for key, item in value.items()}
    return value


def _error(reply: Reply, response: Response) -> Exception:
    status, quoted, pause = reply.status, _quoted(reply.message), retry_after(response.headers)
    if status == 429:
        return RetryLater(
            NetworkFailed(
                f"Kaggle asks for fewer requests (HTTP 429).{quoted}",
                code="too_many_requests",
                hint=_wait_hint(pause, "Wait a few minutes, then try again."),
            ),
            retry_after=pause,
        )
    if status in _TRANSIENT or status >= 500:
        return RetryLater(
            NetworkFailed(
                f"Kaggle has a problem of its own (HTTP {status}).{quoted}",
                code="kaggle_failed",
                hint=_wait_hint(pause, "Try again in a few minutes."),
            ),
            retry_after=pause,
        )
    if status == 401:
        return Unauthorized(reply.message)
    if status in {403, 404}:
        return not_visible(status, reply.message)
    return InvalidInput(
        f"Kaggle refused the request (HTTP {status}).{quoted}", code="kaggle_refused"
    )


def _not_kaggle() -> NetworkFailed:
    return NetworkFailed(
        "The answer is not Kaggle's: a proxy or a login page intercepts the connection.",
        code="not_kaggle",
        hint=OPEN_IN_BROWSER,
    )


def _quoted(message: str) -> str:
    return f' It says: "{message}"' if message else ""


def _wait_hint(seconds: float | None, usual: str) -> str:
    if seconds is None:
        return usual
    return f"Kaggle asks to wait {durations.describe(seconds)}; try again after that."
