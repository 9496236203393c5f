"""Requests to Kaggle and its answers: credentials, errors, repetition, Kaggle's clock.

Kaggle's own request and response types say what is on the wire; sending is done here, because the
official client sets no time limit, repeats nothing and shows no headers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from kitctl.adapters.kaggle.answers import Again, check_answer, unreachable
from kitctl.adapters.kaggle.clock import RemoteClock
from kitctl.adapters.kaggle.credentials import Credentials
from kitctl.errors import NetworkFailed

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

# Seconds: to connect, to wait for an answer, and for all tries of one request together.
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
TOTAL_SECONDS = 120.0


class Transport:
    """One connection to Kaggle's API.

    `base` is the address that `/v1/…` follows. `direct`: past every proxy, as loopback must be.
    """

    def __init__(
        self,
        base: str,
        credentials: Credentials,
        *,
        direct: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        import requests

        from kitctl import __version__

        self.base = base.rstrip("/")
        self.credentials = credentials
        self.clock = RemoteClock()
        self.session = requests.Session()
        self.session.trust_env = not direct
        self.session.headers["User-Agent"] = f"kitctl/{__version__}"
        self.session.auth = _Auth(credentials)
        self._on_wait = on_wait
        self._total_seconds = total_seconds

    def call(
        self, service: str, method: str, request: Any, answer: type[T], *, repeat: bool = True
    ) -> T:
        """Calls a method and returns its typed answer.

        With `repeat` off a request is sent once; raises Again where it may or may not have worked.
        """

        def once() -> T:
            response = self.send(
                "POST", f"/v1/{service}/{method}", json=type(request).to_dict(request)
            )
            return _typed(answer, check_answer(response, self.credentials))

        return self.repeated(once) if repeat else once()

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Sends one request; raises Again when no answer came."""
        import requests

        sent_at = time.time()
        options = {"timeout": (CONNECT_SECONDS, ANSWER_SECONDS), **options}
        try:
            # A redirect would carry the credentials to who knows where.
            response = self.session.request(
                method, f"{self.base}{path}", allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise unreachable(error, self.base) from None
        self.clock.heard(response.headers.get("Date"), sent_at, time.time())
        return response

    def repeated(self, once: Callable[[], T]) -> T:
        """Tries until it works or the time for all tries is over; waits as Kaggle asks."""
        import tenacity

        def wait(state: tenacity.RetryCallState) -> float:
            asked = _failure(state).retry_after
            return backoff(state) if asked is None else asked

        def say(state: tenacity.RetryCallState) -> None:
            pause = state.next_action.sleep if state.next_action else 0.0
            self._on_wait(f"{_failure(state).error.message} Trying again in {pause:.0f} s.")

        backoff = tenacity.wait_exponential(multiplier=0.5, max=15) + tenacity.wait_random(0, 0.5)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            wait=wait,
            stop=tenacity.stop_before_delay(self._total_seconds),
            before_sleep=say,
            reraise=True,
        )
        try:
            return retrying(once)
        except Again as again:
            raise again.error from None


class _Auth:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        from requests.auth import HTTPBasicAuth

        if not self._credentials.bearer:
            basic = HTTPBasicAuth(self._credentials.username, self._credentials.secret)
            return basic(request)
        request.headers["Authorization"] = f"Bearer {self._credentials.secret}"
        return request


def _failure(state: Any) -> Again:
    again = state.outcome.exception()
    assert isinstance(again, Again)
    return again


def _typed(answer: type[T], payload: dict[str, Any]) -> T:
    try:
        return answer.from_dict(_without_nulls(payload))  # type: ignore[attr-defined, no-any-return]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise NetworkFailed(
            f"Kaggle's answer cannot be read as {answer.__name__}.",
            code="kaggle_changed",
            hint="Update both: pip install --upgrade kitctl kaggle",
        ) from None


def _without_nulls(value: Any) -> Any:
    """The official types cannot read a null where a list belongs."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value
