"""The local Kaggle's ASGI application: routes, middleware and error responses put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from kitctl.local.http import routes
from kitctl.local.http.api import Api
from kitctl.local.http.auth import TokenAuth
from kitctl.local.http.date_header import DateHeader
from kitctl.local.http.error_bodies import error_response
from kitctl.local.http.transfers import FileSender
from kitctl.local.pages import routes as pages
from kitctl.local.pages.sign_in import SignIns
from kitctl.local.state.errors import ApiError
from kitctl.local.testing import admin
from kitctl.local.testing.connections import Connections
from kitctl.local.testing.faults import Faults
from kitctl.local.testing.injector import FaultInjector
from kitctl.local.testing.recorder import Recorder, RequestRecorder


def application(api: Api, connections: Connections, stop: Callable[[], None]) -> ASGIApp:
    """Return the ASGI application.

    Args:
        api: the state, the scheduler and the addresses.
        connections: the server's open connections, for the faults that cut one.
        stop: ends the process that serves.
    """
    faults, recorder = Faults(), Recorder()
    app = Starlette(
        routes=[*pages.routes(), *admin.routes(), *routes.routes()],
        middleware=[
            Middleware(DateHeader, clock=api.state.clock),
            Middleware(RequestRecorder, recorder=recorder),
            Middleware(FaultInjector, faults=faults, connections=connections, state=api.state),
            Middleware(
                TokenAuth,
                tokens=api.tokens,
                account=api.state.account,
                settings=api.state.settings,
                is_page=pages.is_page,
            ),
            Middleware(FileSender),
        ],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_exception,
            Exception: _unexpected_error,
        },
        lifespan=_lifespan,
    )
    app.state.api = api
    app.state.sign_ins = SignIns(api.site)
    app.state.faults = faults
    app.state.recorder = recorder
    app.state.stop = stop
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    api: Api = app.state.api
    api.scheduler.fail_orphaned_sessions()
    yield
    api.scheduler.stop_all()
    api.state.close()


def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _error(request, error.status, error.message)


def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(request, error.status_code, error.detail)


def _unexpected_error(request: Request, error: Exception) -> Response:
    return _error(request, 500, f"The local Kaggle has a bug: {error!r}")


def _error(request: Request, status: int, message: str) -> Response:
    api: Api = request.app.state.api
    return error_response(api.state.settings, status, message)
