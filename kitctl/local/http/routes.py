"""The routes of Kaggle's API: `/api/v1/<service>/<method>`, log streams and signed URLs."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kitctl.local.http import (
    blobs,
    competition_hosting,
    competitions,
    dataset_files,
    datasets,
    discussions,
    identity,
    kernel_logs,
    kernel_outputs,
    kernels,
    model_variations,
    models,
    transfers,
)
from kitctl.local.http.api import Methods
from kitctl.local.http.fields import read_body
from kitctl.local.state.errors import not_found

SERVICES: dict[str, Methods] = {
    "kernels.KernelsApiService": {
        **kernels.METHODS,
        **kernel_outputs.METHODS,
        **kernel_logs.METHODS,
    },
    "datasets.DatasetApiService": {**datasets.METHODS, **dataset_files.METHODS},
    "competitions.CompetitionApiService": {
        **competitions.METHODS,
        **competition_hosting.METHODS,
        **discussions.COMPETITION_METHODS,
    },
    "discussions.DiscussionApiService": discussions.METHODS,
    "blobs.BlobApiService": blobs.METHODS,
    "models.ModelApiService": {**models.METHODS, **model_variations.METHODS},
    "security.OAuthService": identity.OAUTH_METHODS,
    "users.AccountService": identity.ACCOUNT_METHODS,
    # kagglehub calls it by this name.
    "api.v1.DiagnosticsService": identity.DIAGNOSTICS_METHODS,
}


def routes() -> list[Route]:
    """Return the routes of the API and of the files behind signed URLs."""
    api = [
        route
        # Production leaves "/api" out; every other environment of the official client has it.
        for prefix in ("/api/v1", "/v1")
        for route in (
            Route(f"{prefix}/kernels/logs/stream/{{owner}}/{{slug}}", _stream_log, methods=["GET"]),
            Route(f"{prefix}/{{service}}/{{method}}", _call, methods=["POST"]),
        )
    ]
    files = Route("/_files/{signed}/{name:path}", transfers.transfer, methods=["GET", "PUT"])
    return [files, *api]


def _to_response(result: dict[str, Any] | Response) -> Response:
    """Return a method's result as a response."""
    return result if isinstance(result, Response) else JSONResponse(result)


async def _call(request: Request) -> Response:
    service, name = request.path_params["service"], request.path_params["method"]
    method = SERVICES.get(service, {}).get(name)
    if method is None:
        raise not_found(f"The local Kaggle has no {service}/{name}.")
    body = await read_body(request)
    return _to_response(await run_in_threadpool(method, request.app.state.api, body))


def _stream_log(request: Request) -> Response:
    path = request.path_params
    label = request.query_params.get("versionLabel", "")
    return kernel_logs.stream_log(request.app.state.api, path["owner"], path["slug"], label)
