"""Uploads of files to the local Kaggle."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from support.local_kaggle import LocalKaggle


def upload(server: LocalKaggle, name: str, content: bytes) -> str:
    """Upload a file in one request and return its token."""
    started = start_upload(server, name, len(content))
    assert put(server, started["createUrl"], content)[0] == 200
    return str(started["token"])


def start_upload(server: LocalKaggle, name: str, size: int) -> dict[str, str]:
    """Announce a file and return its `token` and its `createUrl`."""
    answer: dict[str, str] = server.call(
        "blobs.BlobApiService/StartBlobUpload",
        type="DATASET",
        name=name,
        contentLength=size,
        lastModifiedEpochSeconds=1,
    )
    return answer


def put(server: LocalKaggle, url: str, body: bytes, content_range: str = "") -> tuple[int, str]:
    """Return status and Range header of a PUT."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Range": content_range} if content_range else {}
    connection.request("PUT", urlsplit(url).path, body, headers)
    with connection.getresponse() as response:
        answer = response.status, response.headers.get("Range", "")
        response.read()
    connection.close()
    return answer
