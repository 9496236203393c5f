"""Requests to Kaggle's API: credentials, time limits, repetition, errors, Kaggle's clock.

The official client is not used for this: it sets no time limit, repeats nothing, shows no headers.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from kitctl import __version__
from kitctl.adapters.http import HttpClient, Request, Response, StreamedResponse, basic_auth
from kitctl.adapters.kaggle.clock import RemoteClock
from kitctl.adapters.kaggle.errors import (
    InDoubt,
    Reply,
    RetryLater,
    Unauthorized,
    bad_credentials,
    in_doubt,
    not_visible,
    parse_response,
    translate_errors,
)
from kitctl.adapters.kaggle.redirects import REDIRECTS, follow_redirects
from kitctl.adapters.kaggle.retries import Retries
from kitctl.errors import InvalidInput, NetworkFailed

if TYPE_CHECKING:
    from kitctl.adapters.kaggle.credentials import Credentials

T = TypeVar("T")


# Seconds to connect, to wait for a response, and for all tries of one request together. A smaller
# total caps the other two, but a response always gets MIN_READ_TIMEOUT_SECONDS.
CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 60.0
MIN_READ_TIMEOUT_SECONDS = 10.0
TOTAL_SECONDS = 120.0


class Transport:
    """The connection to Kaggle's API.

    `base` is the address that `/v1/…` follows. `credentials` is called once, for the first request.
    `direct` uses no proxy, as loopback must. `on_wait` gets the reason of every repetition.
    `total_seconds` is for all tries of one request, `answer_within` for all requests together.
    """

    def __init__(
        self,
        base: str,
        credentials: Callable[[], Credentials],
        *,
        direct: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
        total_seconds: float = TOTAL_SECONDS,
        answer_within: float = math.inf,
    ) -> None:
        self.clock = RemoteClock()
        self._total_seconds = total_seconds
        self._answer_within = answer_within
        self._base = base.rstrip("/")
        self._find_credentials = credentials
        self._direct = direct
        self._on_wait = on_wait

    @cached_property
    def credentials(self) -> Credentials:
        """The account's credentials.

        Raises:
            Refused: there are none.
        """
        return self._find_credentials()

    def call(self, service: str, method: str, request: Mapping[str, object]) -> dict[str, Any]:
        """Call a method of the API, repeatedly if need be, and return its answer."""
        return self.retry(lambda: self.parse(self._post(service, method, request)))

    def call_at_most_once(
        self, service: str, method: str, request: Mapping[str, object]
    ) -> dict[str, Any]:
        """Send a request that must not take effect twice, and return its answer.

        Only what surely did not leave this machine is sent again.

        Raises:
            InDoubt: it is not known whether it took effect.
            KitError: it surely did not.
        """

        def attempt() -> Response:
            try:
                return self._post(service, method, request)
            except RetryLater as failure:
                if failure.unsent:
                    raise
                raise InDoubt(failure.error) from None

        response = self.retry(attempt)
        if not Reply.of(response).is_clear:
            raise in_doubt(response)
        try:
            return self.parse(response)
        except RetryLater as failure:
            raise failure.error from None

    def call_for_address(self, service: str, method: str, request: Mapping[str, object]) -> str:
        """Call a method that answers with a redirect to a file, and return the file's address."""

        def attempt() -> str:
            response = self._post(service, method, request)
            location = response.headers.get("Location")
            if response.status in REDIRECTS and location:
                return self.require_secure(location)
            self.parse(response)
            raise NetworkFailed("Kaggle gives no address of this file.", code="kaggle_changed")

        return self.retry(attempt)

    def require_secure(self, address: str) -> str:
        """Return a whole address that Kaggle gives, of a file or for an upload.

        Raises:
            NetworkFailed: it is not encrypted, as Kaggle's own is.
        """
        if not self.is_secure(address):
            raise NetworkFailed("Kaggle gives an address that is not encrypted.", code="bad_url")
        return urljoin(self._base, address)

    def is_secure(self, address: str) -> bool:
        """Return whether an address is encrypted, or Kaggle's own is not either."""
        try:
            scheme = urlsplit(urljoin(self._base, address)).scheme
        except ValueError:  # Such as http://[half
            return False
        return bool(address) and scheme in {urlsplit(self._base).scheme, "https"}

    def introspect_token(self) -> dict[str, Any]:
        """Return what Kaggle says of the token; only its `message` where it refuses to.

        Raises:
            RetryLater: this is no clear answer.
        """
        request = {"token": self.credentials.secret}
        try:
            return parse_response(self._post("security.OAuthService", "IntrospectToken", request))
        except Unauthorized as error:
            return {"message": error.message}
        except InvalidInput as error:
            return {"message": error.message}

    def stream(
        self, path: str, parameters: Mapping[str, str], accept: str, read_timeout: float
    ) -> AbstractContextManager[StreamedResponse]:
        """A response that is read as it comes; requested again until there is one.

        A redirect is followed, to another host without the credentials.
        """

        def request() -> Request:
            target = f"{path}?{urlencode(parameters)}"
            return self._request("GET", target, {"Accept": accept})._replace(
                read_timeout=read_timeout
            )

        return self._stream(request, redirects=True)

    def stream_call(
        self, service: str, method: str, request: Mapping[str, object]
    ) -> AbstractContextManager[StreamedResponse]:
        """The answer of a method of the API, read as it comes; requested again until there is one.

        An error that Kaggle sends as a 200 is not noticed here.
        """
        return self._stream(lambda: self._call_request(service, method, request))

    def download(
        self, service: str, method: str, request: Mapping[str, object]
    ) -> AbstractContextManager[StreamedResponse]:
        """The file that a method of the API answers with, or redirects to."""
        return self._stream(lambda: self._call_request(service, method, request), redirects=True)

    def parse(self, response: Response) -> dict[str, Any]:
        """Return the response's JSON object; raises as `parse_response`, and explains a 401."""
        try:
            return parse_response(response)
        except Unauthorized as error:
            raise self._explain_401(error.message) from None

    @contextmanager
    def _stream(
        self, request: Callable[[], Request], *, redirects: bool = False
    ) -> Iterator[StreamedResponse]:
        with ExitStack() as until_end:

            def attempt() -> StreamedResponse:
                with translate_errors():
                    sent = request()
                    response = until_end.enter_context(self._client.stream(sent))
                    if redirects:
                        response = until_end.enter_context(self._follow_redirects(sent, response))
                    if response.status == 200:
                        return response
                    whole = response.load()
                self.parse(whole)
                return response

            yield self.retry(attempt)

    def _follow_redirects(
        self, request: Request, response: StreamedResponse
    ) -> AbstractContextManager[StreamedResponse]:
        return follow_redirects(request, response, self._base, direct=self._direct)

    def _post(self, service: str, method: str, request: Mapping[str, object]) -> Response:
        http_request = self._call_request(service, method, request)
        limit = time.monotonic() + max(MIN_READ_TIMEOUT_SECONDS, self._total_seconds)
        http_request = http_request._replace(deadline=min(limit, self._end))
        sent_at = time.time()
        with translate_errors():
            response = self._client.send(http_request)
        self.clock.observe(response.headers.get("Date"), sent_at, time.time())
        return response

    def _explain_401(self, message: str) -> Exception:
        """Return what a 401 means: only IntrospectToken says whether a token is bad.

        With an active token it means what a 403 means. A login that has ended is renewed.
        """
        if not self.credentials.bearer:
            return bad_credentials(self.credentials, message)
        if self.introspect_token().get("active"):
            return not_visible(401, message)
        renewed = self._find_credentials()
        if renewed.secret == self.credentials.secret:
            return bad_credentials(self.credentials, message)
        self.credentials = renewed
        return RetryLater(NetworkFailed("The Kaggle login was renewed."), retry_after=0.0)

    def retry(self, attempt: Callable[[], T]) -> T:
        """Call `attempt` until it raises no RetryLater; waits as long as Kaggle asks.

        Raises:
            KitError: the last failure, once the time for all tries is over.
        """
        return Retries(self._total_seconds, self._end, self._on_wait).call(attempt)

    @cached_property
    def _end(self) -> float:
        """The time on the monotonic clock when all requests end; it begins with the first."""
        return time.monotonic() + self._answer_within

    @cached_property
    def _client(self) -> HttpClient:
        return HttpClient(self._base, direct=self._direct)

    def _call_request(self, service: str, method: str, request: Mapping[str, object]) -> Request:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        body = json.dumps(request).encode()
        return self._request("POST", f"/v1/{service}/{method}", headers, body)

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Request:
        own = {
            "User-Agent": f"kitctl/{__version__}",
            "Authorization": authorization(self.credentials),
        }
        return Request(
            method,
            path,
            {**own, **headers},
            body,
            connect_timeout=min(CONNECT_TIMEOUT_SECONDS, self._total_seconds),
            read_timeout=min(
                READ_TIMEOUT_SECONDS, max(MIN_READ_TIMEOUT_SECONDS, self._total_seconds)
            ),
            deadline=None if math.isinf(self._end) else self._end,
        )


def authorization(credentials: Credentials) -> str:
    """Return the Authorization header: Bearer for tokens, Basic for a user name with a key."""
    if credentials.bearer:
        return f"Bearer {credentials.secret}"
    return basic_auth(credentials.username, credentials.secret)
