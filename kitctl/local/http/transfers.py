"""Files over signed URLs: downloads by ranges, uploads that can be resumed."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.http.api import Api
from kitctl.local.http.signed_urls import BadSignature, SignatureExpired, SignedResource
from kitctl.local.runs import logs
from kitctl.local.state.errors import ApiError
from kitctl.local.state.records import Blob

# As Google's storage answers, which is where Kaggle's signed URLs lead.
EXPIRED = (400, "ExpiredToken", "The provided token has expired.")
BAD_SIGNATURE = (403, "SignatureDoesNotMatch", "Access denied.")
MISSING = (404, "NoSuchKey", "The specified key does not exist.")

CHUNK_BYTES = 256 << 10


def storage_error(status: int, code: str, message: str) -> Response:
    """Return an error as Google's storage writes it, in XML."""
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(body, status, media_type="application/xml; charset=UTF-8")


class FileSender:
    """ASGI middleware for `http.response.pathsend`, by which FileResponse sends a file by name.

    It reads the file in the event loop: passing each chunk between two threads costs more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_file(message: Message) -> None:
            if message["type"] != "http.response.pathsend":
                await send(message)
                return
            with Path(message["path"]).open("rb", buffering=0) as file:
                while chunk := file.read(CHUNK_BYTES):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        extensions = {**scope.get("extensions", {}), "http.response.pathsend": {}}
        await self._app({**scope, "extensions": extensions}, receive, send_file)


async def transfer(request: Request) -> Response:
    """Serve GET or PUT of a signed URL."""
    api: Api = request.app.state.api
    try:
        resource = api.signed_urls.verify(request.path_params["signed"])
    except SignatureExpired:
        return storage_error(*EXPIRED)
    except BadSignature:
        return storage_error(*BAD_SIGNATURE)
    if request.method == "PUT":
        return await _upload(api, resource, request)
    return await _download(api, resource)


async def _download(api: Api, resource: SignedResource) -> Response:
    if resource.kind == "log":
        log_file = api.state.sessions.log_file(int(resource.key))
        return Response(logs.read_all(log_file), media_type="application/json")
    path = _path(api, resource)
    if path is None or not path.is_file():
        return storage_error(*MISSING)
    return FileResponse(path, media_type="application/octet-stream", stat_result=path.stat())


def _path(api: Api, resource: SignedResource) -> Path | None:
    if resource.kind == "file":
        return Path(resource.key)
    if resource.kind == "output":
        output = api.state.sessions.output(int(resource.key))
        return output.path if output else None
    return None


async def _upload(api: Api, resource: SignedResource, request: Request) -> Response:
    if resource.kind != "upload":
        return storage_error(*BAD_SIGNATURE)
    try:
        blob = api.state.blobs.get(resource.key)
    except ApiError:
        return storage_error(*MISSING)
    content_range = request.headers.get("content-range", "")
    # "bytes */N" only asks how much has arrived.
    if not content_range.startswith("bytes */"):
        match = re.fullmatch(r"bytes (\d+)-\d+/\d+", content_range)
        start = int(match[1]) if match else 0
        if start > api.state.blobs.received_bytes(blob):
            return _progress(api, blob)
        await _write(blob, start, request)
    return _progress(api, blob)


async def _write(blob: Blob, start: int, request: Request) -> None:
    """Write the body from byte `start` on; a broken connection keeps what has arrived."""
    with blob.path.open("r+b") as sink:
        sink.truncate(start)
        sink.seek(start)
        try:
            async for chunk in request.stream():
                sink.write(chunk)
        except ClientDisconnect:
            return


def _progress(api: Api, blob: Blob) -> Response:
    """Return 200 for a complete upload, else 308 and the range that has arrived."""
    received = api.state.blobs.received_bytes(blob)
    if received == blob.bytes:
        return Response(status_code=200)
    if received > blob.bytes:
        return storage_error(400, "InvalidArgument", "More bytes than were announced.")
    headers = {"Range": f"bytes=0-{received - 1}"} if received else {}
    return Response(status_code=308, headers=headers)
