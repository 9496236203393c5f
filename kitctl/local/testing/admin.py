"""`/_local/…`: the local Kaggle's own switches, for the kit and for tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kitctl.local.http import wire
from kitctl.local.http.api import Api
from kitctl.local.http.wire import Body
from kitctl.local.state.clock import timestamp, utc
from kitctl.local.state.refusals import bad_request
from kitctl.local.testing import seeding
from kitctl.local.testing.faults import Fault, Faults

AdminMethod = Callable[[Api, Faults, Body], dict[str, Any]]


def health(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "state": str(api.kaggle.folder),
        "account": api.kaggle.account,
        "unfinishedSessions": len(api.kaggle.sessions.unfinished()),
    }


def faults(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Order one fault, `{"kind": …}`, or several, `{"faults": […]}`; `{"clear": true}` ends all."""
    if wire.flag(body, "clear"):
        faults.clear()
        return {}
    for order in [Fault.from_body(one) for one in wire.objects(body, "faults") or [body]]:
        faults.order(order)
    return {}


def calls(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """How often each method was called since the start, or since faults were cleared."""
    return {"calls": dict(faults.calls)}


def clock(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Set the clock, `{"now": "2026-11-21T00:00:00Z"}`, or `{"advanceSeconds": 60}`; say it."""
    if now := wire.text(body, "now"):
        api.kaggle.clock.set(timestamp(now))
    if seconds := body.get("advanceSeconds"):
        api.kaggle.clock.advance(seconds)
    return {"now": utc(api.kaggle.clock.now()).isoformat()}


def settings(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Change some of the numbers in state/settings.py; say them all."""
    for name, value in body.items():
        if not isinstance(value, int | float):
            raise bad_request(f'"{name}" must be a number.')
        api.kaggle.settings[name] = value
    return dict(api.kaggle.settings)


def sources(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Let folders stand for Kaggle's data sets: `{"sources": {"owner/slug": "/folder"}}`."""
    for reference, folder in (body.get("sources") or {}).items():
        path = Path(folder)
        if not path.is_dir():
            raise bad_request(f'"{folder}", which is to stand for {reference}, is not a folder.')
        api.kaggle.datasets.stand_in(reference, path)
    return {}


def seed(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Put finished runs into the books, and time used elsewhere; see seeding.py."""
    runs = [seeding.add_run(api.kaggle, run) for run in wire.objects(body, "runs")]
    for use in wire.objects(body, "interactive"):
        seeding.add_interactive(api.kaggle, use)
    return {"runs": runs}


def reset(api: Api, faults: Faults, body: Body) -> dict[str, Any]:
    """Stop every run and forget everything."""
    api.conductor.stop_all()
    faults.clear()
    api.kaggle.wipe()
    return {}


METHODS: dict[str, AdminMethod] = {
    "health": health,
    "faults": faults,
    "calls": calls,
    "clock": clock,
    "settings": settings,
    "sources": sources,
    "seed": seed,
    "reset": reset,
}
