"""`kernels.KernelsApiService`: save, list and delete kernels; sessions, outputs, logs and quota."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.http.log_stream import LogStream
from kitctl.local.runs import logs
from kitctl.local.state.errors import NO_RUNS, bad_request, not_found
from kitctl.local.state.records import KernelVersion, OutputFile, Session


def save_kernel(api: Api, body: Body) -> dict[str, Any]:
    kernel_id, slug = fields.number(body, "id"), fields.text(body, "slug")
    if kernel_id is None and not slug:
        raise bad_request("ID or slug must be specified")
    source, request = fields.text(body, "text"), wire.save_request(body)
    if not api.state.settings["pushes_start_runs"]:
        request = replace(request, runs=False)
    saved = api.state.kernels.save(kernel_id, slug, source, request)
    api.scheduler.start_queued()
    return wire.saved_version(saved, api.site)


def get_kernel(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    if not fields.text(body, "versionLabel"):
        version = api.state.visibility.newest(version.kernel)
    api.state.visibility.check(version)
    return wire.kernel(version)


def list_kernels(api: Api, body: Body) -> dict[str, Any]:
    kernels = api.state.kernels
    owner = fields.text(body, "user").lower()
    if fields.text(body, "group") == "PROFILE":
        owner = api.state.account
    search = fields.text(body, "search").lower()
    matches = [
        kernel
        for kernel in kernels.visible()
        if owner in ("", kernel.owner) and search in f"{kernel.title} {kernel.slug}".lower()
    ]
    offset, size = fields.page(body)
    return wire.paged(
        "kernels",
        matches[offset : offset + size + 1],
        body,
        lambda kernel: wire.kernel_metadata(kernels.version(kernel, None)),
    )


def delete_kernel(api: Api, body: Body) -> dict[str, Any]:
    kernels = api.state.kernels
    owner, slug = fields.text(body, "userName"), fields.text(body, "kernelSlug")
    kernels.delete(kernels.own(owner, slug, "kernels.delete"))
    return {}


def get_kernel_session_status(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    api.state.visibility.check(version)
    if fields.text(body, "versionLabel"):
        session = _session(api, version)
    else:
        session = api.state.sessions.for_unlabelled_status(version.kernel.id, version.number)
    if session is None:
        raise not_found(NO_RUNS)
    return wire.session_status(session)


def list_kernel_session_output(api: Api, body: Body) -> dict[str, Any]:
    session = _session(api, _version(api, body))
    if session is None:
        return {"files": [], "log": "", "nextPageToken": ""}
    ended = session.ended_at is not None
    log_file = api.state.sessions.log_file(session.id)
    return {
        **wire.paged(
            "files",
            _outputs(api, session, body),
            body,
            lambda output: {
                "url": api.signed_urls.output(output.id, output.name),
                "fileName": output.name,
            },
        ),
        "log": logs.read_all(log_file) if ended else "",
    }


def list_kernel_files(api: Api, body: Body) -> dict[str, Any]:
    session = _session(api, _version(api, body))
    return wire.paged(
        "files",
        _outputs(api, session, body) if session else [],
        body,
        lambda output: {
            "name": output.name,
            "size": output.bytes,
            "creationDate": wire.time(output.created_at),
        },
    )


def download_kernel_output(api: Api, body: Body) -> Response:
    kernels = api.state.kernels
    kernel = kernels.find(fields.text(body, "ownerSlug"), fields.text(body, "kernelSlug"))
    number = fields.number(body, "versionNumber")
    session = _session(api, kernels.version(kernel, f"v{number}" if number else None))
    name = fields.text(body, "filePath")
    output = api.state.sessions.output_named(session.id, name) if session else None
    if output is None:
        raise not_found(f'This version has no output file "{name}".')
    return RedirectResponse(api.signed_urls.output(output.id, output.name), 302)


def get_kernel_session_logs_stream(api: Api, body: Body) -> Response:
    return stream_log(
        api,
        fields.text(body, "userName"),
        fields.text(body, "kernelSlug"),
        fields.text(body, "versionLabel"),
    )


def stream_log(api: Api, owner: str, slug: str, label: str) -> Response:
    """Return a run's log: server-sent events while it runs, one JSON array once it has ended."""
    kernels, sessions = api.state.kernels, api.state.sessions
    session = _session(api, kernels.version(kernels.find(owner, slug), label or None))
    if session is None:
        raise not_found(NO_RUNS)
    log_file = sessions.log_file(session.id)
    if session.ended_at is not None:
        return Response(logs.read_all(log_file), media_type="application/json")
    return LogStream(log_file, lambda: sessions.get(session.id).ended_at is not None)


def cancel_kernel_session(api: Api, body: Body) -> dict[str, Any]:
    session_id = fields.number(body, "kernelSessionId")
    if session_id is None:
        raise bad_request("A kernel session id must be specified")
    session = api.state.sessions.get(session_id)
    api.state.kernels.check_owner(session.kernel_id, "kernelSessions.cancel")
    if not api.state.sessions.request_cancel(session_id):
        return {"errorMessage": "The kernel session is not running."}
    return {}


def get_accelerator_quota_statistics(api: Api, body: Body) -> dict[str, Any]:
    quota = api.state.quota
    return wire.quota(
        quota.refresh_time(), {"gpu": quota.statistics("gpu"), "tpu": quota.statistics("tpu")}
    )


def _version(api: Api, body: Body) -> KernelVersion:
    kernels = api.state.kernels
    kernel = kernels.find(fields.text(body, "userName"), fields.text(body, "kernelSlug"))
    return kernels.version(kernel, fields.text(body, "versionLabel") or None)


def _session(api: Api, version: KernelVersion) -> Session | None:
    return api.state.sessions.of_version(version.kernel.id, version.number)


def _outputs(api: Api, session: Session, body: Body) -> list[OutputFile]:
    offset, size = fields.page(body)
    return api.state.sessions.outputs(session.id, offset, size + 1)


METHODS: Methods = {
    "SaveKernel": save_kernel,
    "GetKernel": get_kernel,
    "ListKernels": list_kernels,
    "DeleteKernel": delete_kernel,
    "GetKernelSessionStatus": get_kernel_session_status,
    "ListKernelSessionOutput": list_kernel_session_output,
    "ListKernelFiles": list_kernel_files,
    "DownloadKernelOutput": download_kernel_output,
    "GetKernelSessionLogsStream": get_kernel_session_logs_stream,
    "CancelKernelSession": cancel_kernel_session,
    "GetAcceleratorQuotaStatistics": get_accelerator_quota_statistics,
}
