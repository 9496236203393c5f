"""Requests to Kaggle and its answers: credentials, errors, repetition, Kaggle's clock.

The official client is not used for this: it sets no time limit, repeats nothing, shows no headers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from kitctl.adapters.kaggle.answers import Again, check_answer, unreachable
from kitctl.adapters.kaggle.clock import RemoteClock
from kitctl.adapters.kaggle.credentials import Credentials

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
        self, service: str, method: str, request: Mapping[str, object], *, repeat: bool = True
    ) -> dict[str, Any]:
        """Calls a method and returns its answer.

        With `repeat` off a request is sent once; raises Again where it may or may not have worked.
        """

        def once() -> dict[str, Any]:
            return check_answer(
                self.send("POST", f"/v1/{service}/{method}", json=request), self.credentials
            )

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
        try:
            return once()
        except Again as again:
            return self._persistently(once, again)

    def _persistently(self, once: Callable[[], T], failed: Again) -> T:
        # Loaded only here: most requests work at once.
        import tenacity

        earlier = [failed]

        def attempt() -> T:
            if earlier:
                raise earlier.pop()
            return once()

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
            return retrying(attempt)
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
