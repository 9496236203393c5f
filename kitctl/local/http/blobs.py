"""`blobs.BlobApiService`: where to upload a file (transfers.py receives it)."""

from __future__ import annotations

from typing import Any

from kitctl.local.http import fields
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import bad_request


def start_blob_upload(api: Api, body: Body) -> dict[str, Any]:
    name, size = fields.text(body, "name"), fields.number(body, "contentLength")
    if not name or size is None or size < 0:
        raise bad_request("An upload needs a name and a content length.")
    blob = api.state.blobs.create(name, size)
    return {"token": blob.token, "createUrl": api.signed_urls.upload(blob.token, name)}


METHODS: Methods = {"StartBlobUpload": start_blob_upload}
