"""The log of a session: a stream while it runs, JSON once it has ended."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.http.log_stream import LogStream
from kitctl.local.http.lookups import session_of
from kitctl.local.runs import logs
from kitctl.local.state import records
from kitctl.local.state.errors import NO_RUNS, not_found


def get_kernel_session_logs_stream(api: Api, body: Body) -> Response:
    return stream_log(
        api,
        fields.text(body, "userName"),
        fields.text(body, "kernelSlug"),
        fields.text(body, "versionLabel"),
    )


def stream_log(api: Api, owner: str, slug: str, label: str) -> Response:
    """Return a run's log: server-sent events while it runs, one JSON array once it has ended."""
    kernels, sessions, settings = api.state.kernels, api.state.sessions, api.state.settings
    session = session_of(api, kernels.version(kernels.find(owner, slug), label or None))
    if session is None:
        raise not_found(NO_RUNS)
    log_file, session_id = sessions.log_file(session.id), session.id
    if session.ended_at is not None:
        if settings["finished_logs_redirect"]:
            return RedirectResponse(api.signed_urls.log(session.id), 302)
        return Response(logs.read_all(log_file), media_type="application/json")
    headers_due_at = api.state.clock.now() + settings["stream_header_seconds"]
    return LogStream(
        log_file,
        has_ended=lambda: sessions.get(session_id).ended_at is not None,
        may_begin=lambda: (
            sessions.get(session_id).status != records.QUEUED
            or api.state.clock.now() >= headers_due_at
        ),
    )


METHODS: Methods = {"GetKernelSessionLogsStream": get_kernel_session_logs_stream}
