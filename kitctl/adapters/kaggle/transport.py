"""Requests to Kaggle and its answers: credentials, errors, repetition, Kaggle's clock.

The official client is not used for this: it sets no time limit, repeats nothing, shows no headers.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from kitctl import __version__
from kitctl.adapters.http import HttpClient, Request, Response, TransportError
from kitctl.adapters.kaggle.clock import RemoteClock
from kitctl.adapters.kaggle.errors import RetryLater, check_answer, unreachable

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from kitctl.adapters.kaggle.credentials import Credentials

T = TypeVar("T")


# Seconds: to connect, to wait for an answer, and for all tries of one request together. Who has
# less in all connects in less, and gets its answer soon or never.
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
SOON_SECONDS = 10.0
TOTAL_SECONDS = 120.0


class Transport:
    """The way to Kaggle's API.

    `base` is the address that `/v1/…` follows. `credentials` is asked once, for the first request.
    `direct`: past every proxy, as loopback must be.
    """

    def __init__(
        self,
        base: str,
        credentials: Callable[[], Credentials],
        *,
        direct: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.clock = RemoteClock()
        self._total_seconds = total_seconds
        self._base = base.rstrip("/")
        self._find_credentials = credentials
        self._direct = direct
        self._on_wait = on_wait

    @cached_property
    def credentials(self) -> Credentials:
        """Raises Refused where there are none."""
        return self._find_credentials()

    def call(
        self, service: str, method: str, request: Mapping[str, object], *, repeat: bool = True
    ) -> dict[str, Any]:
        """Calls a method and returns its answer.

        With `repeat` off a request is sent once; raises Again where it may or may not have worked.
        """
        path, body = f"/v1/{service}/{method}", json.dumps(request).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}

        def once() -> dict[str, Any]:
            asked = self._request("POST", path, headers, body)
            sent_at = time.time()
            with _told():
                answer = self._connections.ask(asked)
            self.clock.heard(answer.headers.get("date"), sent_at, time.time())
            return check_answer(answer, self.credentials)

        return self.repeated(once) if repeat else once()

    @contextmanager
    def streamed(
        self, path: str, parameters: Mapping[str, str], accept: str, silence_seconds: float
    ) -> Iterator[HTTPResponse]:
        """An answer that is read as it comes; asked for anew until there is one."""
        target = f"{path}?{urlencode(parameters)}"
        asked = self._request("GET", target, {"Accept": accept})
        asked = asked._replace(silence_seconds=silence_seconds)
        with ExitStack() as held:

            def once() -> HTTPResponse:
                with _told():
                    response = held.enter_context(self._connections.open(asked))
                    if response.status == 200:
                        return response
                    answer = Response.of(response)
                check_answer(answer, self.credentials)
                return response

            yield self.repeated(once)

    def repeated(self, once: Callable[[], T]) -> T:
        """Tries until it works or the time for all tries is over; waits as Kaggle asks."""
        try:
            return once()
        except RetryLater as again:
            return self._persistently(once, again)

    def _persistently(self, once: Callable[[], T], failed: RetryLater) -> T:
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
            retry=tenacity.retry_if_exception_type(RetryLater),
            wait=wait,
            stop=tenacity.stop_before_delay(self._total_seconds),
            before_sleep=say,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except RetryLater as again:
            raise again.error from None

    @cached_property
    def _connections(self) -> HttpClient:
        return HttpClient(self._base, direct=self._direct)

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Request:
        # No redirect is followed: it would carry the credentials to who knows where.
        own = {"User-Agent": f"kitctl/{__version__}", "Authorization": _word(self.credentials)}
        return Request(
            method,
            path,
            {**own, **headers},
            body,
            connect_seconds=min(CONNECT_SECONDS, self._total_seconds),
            silence_seconds=min(ANSWER_SECONDS, max(SOON_SECONDS, self._total_seconds)),
        )


def _word(credentials: Credentials) -> str:
    """Bearer for tokens, Basic for a user name with a key."""
    if credentials.bearer:
        return f"Bearer {credentials.secret}"
    pair = f"{credentials.username}:{credentials.secret}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@contextmanager
def _told() -> Iterator[None]:
    """Says what it means that no answer came."""
    try:
        yield
    except TransportError as error:
        raise unreachable(error) from None


def _failure(state: Any) -> RetryLater:
    again = state.outcome.exception()
    assert isinstance(again, RetryLater)
    return again
