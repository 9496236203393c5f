"""`/_local/…`: how kitctl and tests control the local Kaggle itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kitctl.local.http import fields, identity
from kitctl.local.http.api import Api
from kitctl.local.http.fields import Body
from kitctl.local.state.clock import parse_time, utc
from kitctl.local.state.errors import bad_request, not_found
from kitctl.local.state.names import COMPETITIONS
from kitctl.local.testing import seeding
from kitctl.local.testing.faults import Fault, Faults

AdminMethod = Callable[[Api, Faults, Body], dict[str, Any]]


def routes() -> list[Route]:
    """Return the routes of the control methods."""
    return [
        Route("/_local/shutdown", _shut_down, methods=["POST"]),
        Route("/_local/requests", _requests, methods=["POST"]),
        Route("/_local/{method}", _call, methods=["GET", "POST"]),
    ]


def health(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "state": str(api.state.folder),
        "account": api.state.account,
        "unfinishedSessions": len(api.state.sessions.unfinished()),
    }


def faults(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Add one fault, `{"kind": …}`, or several, `{"faults": […]}`; `{"clear": true}` ends all."""
    if fields.flag(body, "clear"):
        faults.clear()
        return {}
    for fault in [Fault.from_body(one) for one in fields.objects(body, "faults") or [body]]:
        faults.add(fault)
    return {}


def calls(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Return how often each method was called since the start, or since faults were cleared."""
    return {"calls": faults.calls()}


def clock(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Set the clock, `{"now": "2026-11-21T00:00:00Z"}`, or `{"advanceSeconds": 60}`; return it."""
    if now := fields.text(body, "now"):
        api.state.clock.set(parse_time(now))
    if seconds := body.get("advanceSeconds"):
        api.state.clock.advance(seconds)
    return {"now": utc(api.state.clock.now()).isoformat()}


def settings(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Change some of the settings in state/settings.py; return all of them."""
    for name, value in body.items():
        if not isinstance(value, int | float):
            raise bad_request(f'"{name}" must be a number.')
        api.state.settings[name] = value
    return dict(api.state.settings)


def sources(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Register folders as Kaggle's data sets: `{"sources": {"owner/slug": "/folder"}}`."""
    for reference, folder in (body.get("sources") or {}).items():
        path = Path(folder)
        if not path.is_dir():
            raise bad_request(f'"{folder}", which is to stand for {reference}, is not a folder.')
        owner, _, slug = reference.rpartition("/")
        if owner == COMPETITIONS:
            api.state.competitions.register_folder(slug.lower(), path)
        else:
            api.state.datasets.register_folder(reference, path)
    return {}


def secrets(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Give the runs to come these secrets, `{"secrets": {"KITCTL_SECRET_HF": "…"}}`, in memory."""
    api.scheduler.secrets = {str(name): str(value) for name, value in body["secrets"].items()}
    return {}


def seed(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Add finished runs, time used in open notebooks, and topics; see seeding.py."""
    runs = [seeding.add_run(api.state, run) for run in fields.objects(body, "runs")]
    for use in fields.objects(body, "interactive"):
        seeding.add_interactive_use(api.state, use)
    topics = [seeding.add_topic(api.state, topic) for topic in fields.objects(body, "topics")]
    return {"runs": runs, "topics": topics}


def login(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Return what an OAuth login stores: `{"seconds": 60}` says how long its access token lasts."""
    seconds = float(body.get("seconds") or identity.LONGEST_TOKEN_SECONDS)
    token, lasts = api.tokens.new_access_token(seconds)
    return {
        "refresh_token": api.tokens.refresh_token,
        "access_token": token,
        "access_token_expiration": utc(api.state.clock.now() + lasts).isoformat(),
        "username": api.state.account,
        "scopes": [],
    }


def reset(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Stop every run and delete all state, faults included."""
    faults.reset()
    api.scheduler.stop_all()
    api.state.clear()
    return {}


METHODS: dict[str, AdminMethod] = {
    "health": health,
    "faults": faults,
    "calls": calls,
    "clock": clock,
    "settings": settings,
    "sources": sources,
    "secrets": secrets,
    "seed": seed,
    "login": login,
    "reset": reset,
}


async def _call(request: Request) -> Response:
    method = METHODS.get(request.path_params["method"])
    if method is None:
        raise not_found()
    state = request.app.state
    body = await fields.read_body(request)
    return JSONResponse(await run_in_threadpool(method, state.api, state.faults, body))


async def _shut_down(request: Request) -> Response:
    request.app.state.stop()
    return JSONResponse({})


async def _requests(request: Request) -> Response:
    """Record requests, `{"record": true}`; or return what was recorded, and end it."""
    recorder = request.app.state.recorder
    if fields.flag(await fields.read_body(request), "record"):
        recorder.start()
        return JSONResponse({})
    return JSONResponse({"requests": recorder.stop()})
