"""`blobs.BlobApiService`: where to upload a file (transfers.py receives it)."""

from __future__ import annotations

from typing import Any

from kitctl.local.http import fields
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import bad_request


def start_blob_upload(api: Api, body: Body) -> dict[str, Any]:
    return begin_upload(api, body, fields.text(body, "name"))


def begin_upload(api: Api, body: Body, name: str) -> dict[str, Any]:
    """Announce a file; its content length is left out where it is 0."""
    size = fields.number(body, "contentLength") or 0
    if not name or size < 0:
        raise bad_request("An upload needs a name and a content length.")
    blob = api.state.blobs.create(name, size)
    return {"token": blob.token, "createUrl": api.signed_urls.upload(blob.token, name)}


METHODS: Methods = {"StartBlobUpload": start_blob_upload}
