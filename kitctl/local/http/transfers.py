"""Files over signed URLs: downloads by ranges, uploads that can be taken up again."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.http.api import Api
from kitctl.local.http.signed_urls import Grant, LinkExpired, LinkForged
from kitctl.local.state.records import Blob
from kitctl.local.state.refusals import Refusal

# As Google's storage answers, which is where Kaggle's signed URLs lead.
EXPIRED = (400, "ExpiredToken", "The provided token has expired.")
FORGED = (403, "SignatureDoesNotMatch", "Access denied.")
MISSING = (404, "NoSuchKey", "The specified key does not exist.")

PIECE = 256 << 10


def storage_error(status: int, code: str, message: str) -> Response:
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(body, status, media_type="application/xml; charset=UTF-8")


class SendsFiles:
    """ASGI's extension `http.response.pathsend`: FileResponse names a file, this sends it.

    It is read here and now, not in a thread: passing each piece between two threads costs more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_file(message: Message) -> None:
            if message["type"] != "http.response.pathsend":
                await send(message)
                return
            with Path(message["path"]).open("rb", buffering=0) as file:
                while piece := file.read(PIECE):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        extensions = {**scope.get("extensions", {}), "http.response.pathsend": {}}
        await self._app({**scope, "extensions": extensions}, receive, send_file)


async def serve(request: Request) -> Response:
    """GET or PUT of a signed URL."""
    api: Api = request.app.state.api
    try:
        grant = api.links.read(request.path_params["signed"])
    except LinkExpired:
        return storage_error(*EXPIRED)
    except LinkForged:
        return storage_error(*FORGED)
    if request.method == "PUT":
        return await _receive(api, grant, request)
    return await _send(api, grant)


async def _send(api: Api, grant: Grant) -> Response:
    path = _path(api, grant)
    if path is None or not path.is_file():
        return storage_error(*MISSING)
    return FileResponse(path, media_type="application/octet-stream", stat_result=path.stat())


def _path(api: Api, grant: Grant) -> Path | None:
    if grant.use == "dataset":
        return Path(grant.key)
    if grant.use == "output":
        output = api.kaggle.sessions.output(int(grant.key))
        return output.path if output else None
    return None


async def _receive(api: Api, grant: Grant, request: Request) -> Response:
    if grant.use != "upload":
        return storage_error(*FORGED)
    try:
        blob = api.kaggle.blobs.get(grant.key)
    except Refusal:
        return storage_error(*MISSING)
    wanted = request.headers.get("content-range", "")
    if not wanted.startswith("bytes */"):
        found = re.fullmatch(r"bytes (\d+)-\d+/\d+", wanted)
        start = int(found[1]) if found else 0
        if start > api.kaggle.blobs.received(blob):
            return _progress(api, blob)
        await _write(blob, start, request)
    return _progress(api, blob)


async def _write(blob: Blob, start: int, request: Request) -> None:
    """Write the body from `start` on; a broken connection keeps what has arrived."""
    with blob.path.open("r+b") as sink:
        sink.truncate(start)
        sink.seek(start)
        try:
            async for chunk in request.stream():
                sink.write(chunk)
        except ClientDisconnect:
            return


def _progress(api: Api, blob: Blob) -> Response:
    received = api.kaggle.blobs.received(blob)
    if received == blob.bytes:
        return Response(status_code=200)
    if received > blob.bytes:
        return storage_error(400, "InvalidArgument", "More bytes than were announced.")
    headers = {"Range": f"bytes=0-{received - 1}"} if received else {}
    return Response(status_code=308, headers=headers)
