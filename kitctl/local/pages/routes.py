"""The routes of the pages; each but the sign-in needs the cookie of a browser that signed in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kitctl.local.http.api import Api
from kitctl.local.http.log_stream import LogStream
from kitctl.local.pages import content
from kitctl.local.pages.sign_in import SignIns, set_cookie
from kitctl.local.state.errors import ApiError

FILES = Path(__file__).parent / "files"
LINK = "/_local/sign-in-link"
_PREFIXES = ("/sign-in/", "/runs/", "/code/", "/outputs/", "/pictures/", "/page-files/")
_ASSETS = {"pages.css": "text/css", "pages.js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# An output is any file: it is saved or shown as a picture, and is never a page of this site.
FILE_HEADERS = {**HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}

Endpoint = Callable[[Request], Response]


def is_page(method: str, path: str) -> bool:
    """Return whether a request is one of a browser's, which has a cookie in place of the token."""
    return method in {"GET", "HEAD"} and (
        path in {"/", "/favicon.ico"} or path.startswith(_PREFIXES)
    )


def routes() -> list[Route]:
    return [
        Route(LINK, _link, methods=["POST"]),
        Route("/sign-in/{code}", _sign_in, methods=["GET"]),
        Route("/favicon.ico", lambda request: Response(status_code=204), methods=["GET"]),
        Route("/page-files/{name}", _guarded(_asset), methods=["GET"]),
        Route("/", _guarded(_overview), methods=["GET"]),
        Route("/code/{owner}/{slug}", _guarded(_kernel), methods=["GET"]),
        Route("/runs/{session:int}", _guarded(_run), methods=["GET"]),
        Route("/runs/{session:int}/log", _guarded(_log), methods=["GET"]),
        Route("/outputs/{output:int}", _guarded(_output), methods=["GET"]),
        Route("/pictures/{output:int}", _guarded(_picture), methods=["GET"]),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Answer only a browser that is signed in, at this server's own address."""

    @functools.wraps(endpoint)
    def answer(request: Request) -> Response:
        sign_ins: SignIns = request.app.state.sign_ins
        if not sign_ins.is_own_host(request) or sign_ins.is_from_elsewhere(request):
            return _page("refused.html", 403)
        if not sign_ins.is_signed_in(request):
            return _page("signed_out.html", 401)
        try:
            return endpoint(request)
        except ApiError as error:
            return _page("missing.html", 404, message=error.message)

    return answer


def _link(request: Request) -> Response:
    """Return a link that signs in; the request itself has carried the folder's token."""
    return JSONResponse({"url": request.app.state.sign_ins.link()})


def _sign_in(request: Request) -> Response:
    sign_ins: SignIns = request.app.state.sign_ins
    if not sign_ins.is_own_host(request) or sign_ins.is_from_elsewhere(request):
        return _page("refused.html", 403)
    value = sign_ins.sign_in(request.path_params["code"])
    if value is None:
        return _page("signed_out.html", 401)
    response = RedirectResponse("/", 303, headers=HEADERS)
    set_cookie(response, value)
    return response


def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        return _page("missing.html", 404, message="There is no such file.")
    return Response((FILES / name).read_text("utf-8"), media_type=_ASSETS[name], headers=HEADERS)


def _overview(request: Request) -> Response:
    state = _api(request).state
    return _page(
        "overview.html",
        runs=content.runs(state),
        pools=content.pools(state),
        resets=content.moment(state.quota.refresh_time()),
        datasets=content.datasets(state),
    )


def _kernel(request: Request) -> Response:
    state = _api(request).state
    kernel = state.kernels.find(request.path_params["owner"], request.path_params["slug"])
    return _page("kernel.html", kernel=kernel, runs=content.runs(state, kernel))


def _run(request: Request) -> Response:
    state = _api(request).state
    run = content.run(state, request.path_params["session"])
    count, lines = content.log(state.sessions.log_file(run.session.id))
    files = content.outputs(state, run.session)
    pictures = [file for file in files if content.is_picture(file.path)][:24]
    return _page("run.html", run=run, files=files, pictures=pictures, line_count=count, lines=lines)


def _log(request: Request) -> Response:
    state = _api(request).state
    run = content.run(state, request.path_params["session"])
    sessions, session_id = state.sessions, run.session.id
    stream = LogStream(
        sessions.log_file(session_id),
        has_ended=lambda: sessions.get(session_id).ended_at is not None,
    )
    stream.headers.update(HEADERS)
    return stream


def _output(request: Request) -> Response:
    output = _api(request).state.sessions.output(request.path_params["output"])
    if output is None or not output.path.is_file():
        return _page("missing.html", 404, message="There is no such file.")
    return FileResponse(
        output.path,
        filename=output.name.rsplit("/", 1)[-1],
        media_type="application/octet-stream",
        headers=FILE_HEADERS,
    )


def _picture(request: Request) -> Response:
    output = _api(request).state.sessions.output(request.path_params["output"])
    if output is None or not content.is_picture(output.path):
        return _page("missing.html", 404, message="There is no such picture.")
    with output.path.open("rb") as file:
        kind = "image/png" if file.read(1) == b"\x89" else "image/jpeg"
    return FileResponse(output.path, media_type=kind, headers=FILE_HEADERS)


def _api(request: Request) -> Api:
    api: Api = request.app.state.api
    return api


def _page(name: str, status: int = 200, **values: Any) -> Response:
    text = _environment().get_template(name).render(**values)
    return HTMLResponse(text, status, headers=HEADERS)


@functools.cache
def _environment() -> Environment:
    """Return the templates: all that comes from kernels, runs and data sets is escaped."""
    return Environment(
        loader=FileSystemLoader(FILES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
