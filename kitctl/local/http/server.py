"""The local Kaggle's HTTP routes, and the process that serves them on the loopback interface."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.http import datasets, kernels, transfers
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.auth import TokenRequired
from kitctl.local.http.wire import Body
from kitctl.local.state.clock import Clock
from kitctl.local.state.refusals import Refusal, bad_request, not_found
from kitctl.local.testing import admin
from kitctl.local.testing.faults import Faults, FaultyService

SERVICES: dict[str, Methods] = {
    "kernels.KernelsApiService": kernels.METHODS,
    "datasets.DatasetApiService": datasets.METHODS,
    "blobs.BlobApiService": datasets.BLOB_METHODS,
    "security.OAuthService": datasets.IDENTITY_METHODS,
}
# A script of the largest size with every character escaped stays below this.
LARGEST_BODY_BYTES = 16 << 20


def application(
    api: Api, faults: Faults, drop: Callable[[Any], None], stop: Callable[[], None]
) -> ASGIApp:
    """The ASGI application.

    `drop` closes the connection of a client address; `stop` ends the process that serves.
    """

    async def shut_down(request: Request) -> Response:
        stop()
        return JSONResponse({})

    routes = [
        Route("/_files/{signed}/{name:path}", transfers.serve, methods=["GET", "PUT"]),
        Route("/_local/shutdown", shut_down, methods=["POST"]),
        Route("/_local/{method}", _administer, methods=["GET", "POST"]),
    ]
    # Production leaves "/api" out; every other environment of the official client has it.
    for prefix in ("/api/v1", "/v1"):
        stream = f"{prefix}/kernels/logs/stream/{{owner}}/{{slug}}"
        routes.append(Route(stream, _stream_log, methods=["GET"]))
        routes.append(Route(f"{prefix}/{{service}}/{{method}}", _call, methods=["POST"]))
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Dated, clock=api.kaggle.clock),
            Middleware(FaultyService, faults=faults, drop=drop),
            Middleware(TokenRequired, token=api.token, account=api.kaggle.account),
            Middleware(transfers.SendsFiles),
        ],
        exception_handlers={Refusal: _refuse, HTTPException: _refuse_route, Exception: _fail},
        lifespan=_lifespan,
    )
    app.state.api = api
    app.state.faults = faults
    return app


class Dated:
    """Gives every answer a Date by the local Kaggle's clock."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now(), usegmt=True)
                MutableHeaders(scope=message)["Date"] = date
            await send(message)

        await self._app(scope, receive, send_dated)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    api: Api = app.state.api
    api.conductor.end_what_a_killed_server_left()
    yield
    api.conductor.stop_all()
    api.kaggle.close()


async def _call(request: Request) -> Response:
    service, name = request.path_params["service"], request.path_params["method"]
    method = SERVICES.get(service, {}).get(name)
    if method is None:
        raise not_found(f"The local Kaggle has no {service}/{name}.")
    return _answer(await run_in_threadpool(method, request.app.state.api, await _body(request)))


def _stream_log(request: Request) -> Response:
    where = request.path_params
    label = request.query_params.get("versionLabel", "")
    return kernels.log_stream(request.app.state.api, where["owner"], where["slug"], label)


async def _administer(request: Request) -> Response:
    method = admin.METHODS.get(request.path_params["method"])
    if method is None:
        raise not_found()
    state = request.app.state
    body = await _body(request)
    return _answer(await run_in_threadpool(method, state.api, state.faults, body))


async def _body(request: Request) -> Body:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BODY_BYTES:
            raise Refusal(413, "The request is too large.")
    try:
        body = json.loads(received or b"{}")
    except ValueError as error:
        raise bad_request("The request is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The request is not a JSON object.")
    return body


def _answer(answer: dict[str, Any] | Response) -> Response:
    return answer if isinstance(answer, Response) else JSONResponse(answer)


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse({"code": error.status, "message": error.message}, error.status)


def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"code": error.status_code, "message": error.detail}, error.status_code)


def _fail(request: Request, error: Exception) -> Response:
    message = f"The local Kaggle has a bug: {error!r}"
    return JSONResponse({"code": 500, "message": message}, 500)
