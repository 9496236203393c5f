"""`kernels.KernelsApiService`."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.wire import Body
from kitctl.local.runs import logs
from kitctl.local.state.records import KernelVersion, Output, Session
from kitctl.local.state.refusals import bad_request, not_found


def save_kernel(api: Api, body: Body) -> dict[str, Any]:
    kernel_id, slug = wire.number(body, "id"), wire.text(body, "slug")
    if kernel_id is None and not slug:
        raise bad_request("ID or slug must be specified")
    saved = api.kaggle.kernels.save(kernel_id, slug, wire.text(body, "text"), wire.job(body))
    api.conductor.start_queued()
    return wire.saved(saved, api.site)


def get_kernel(api: Api, body: Body) -> dict[str, Any]:
    return wire.kernel(_version(api, body))


def list_kernels(api: Api, body: Body) -> dict[str, Any]:
    kernels = api.kaggle.kernels
    owner = wire.text(body, "user").lower()
    if wire.text(body, "group") == "PROFILE":
        owner = api.kaggle.account
    words = wire.text(body, "search").lower()
    found = [
        kernel
        for kernel in kernels.visible()
        if owner in ("", kernel.owner) and words in f"{kernel.title} {kernel.slug}".lower()
    ]
    offset, size = wire.page(body)
    return wire.paged(
        "kernels",
        found[offset : offset + size + 1],
        body,
        lambda kernel: wire.kernel_metadata(kernels.version(kernel, None)),
    )


def delete_kernel(api: Api, body: Body) -> dict[str, Any]:
    kernels = api.kaggle.kernels
    owner, slug = wire.text(body, "userName"), wire.text(body, "kernelSlug")
    kernels.delete(kernels.own(owner, slug, "kernels.delete"))
    return {}


def get_kernel_session_status(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    if wire.text(body, "versionLabel"):
        return wire.status(_session(api, version))
    return wire.status(api.kaggle.sessions.shown_without_label(version.kernel.id, version.number))


def list_kernel_session_output(api: Api, body: Body) -> dict[str, Any]:
    session = _session(api, _version(api, body))
    if session is None:
        return {"files": [], "log": "", "nextPageToken": ""}
    ended = session.ended_at is not None
    log_file = api.kaggle.sessions.log_file(session.id)
    return {
        **wire.paged(
            "files",
            _outputs(api, session, body),
            body,
            lambda output: {
                "url": api.links.output(output.id, output.name),
                "fileName": output.name,
            },
        ),
        "log": logs.whole(log_file) if ended else "",
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
    kernels = api.kaggle.kernels
    kernel = kernels.find(wire.text(body, "ownerSlug"), wire.text(body, "kernelSlug"))
    number = wire.number(body, "versionNumber")
    session = _session(api, kernels.version(kernel, f"v{number}" if number else None))
    name = wire.text(body, "filePath")
    output = api.kaggle.sessions.output_named(session.id, name) if session else None
    if output is None:
        raise not_found(f'This version has no output file "{name}".')
    return RedirectResponse(api.links.output(output.id, output.name), 302)


def get_kernel_session_logs_stream(api: Api, body: Body) -> Response:
    return log_stream(
        api,
        wire.text(body, "userName"),
        wire.text(body, "kernelSlug"),
        wire.text(body, "versionLabel"),
    )


def log_stream(api: Api, owner: str, slug: str, label: str) -> Response:
    """A run's log: as events while it is going on, as one JSON array when it has ended."""
    kernels, sessions = api.kaggle.kernels, api.kaggle.sessions
    session = _session(api, kernels.version(kernels.find(owner, slug), label or None))
    if session is None:
        raise not_found("This version has not been run.")
    log_file = sessions.log_file(session.id)
    if session.ended_at is not None:
        return Response(logs.whole(log_file), media_type="application/json")
    return logs.live(log_file, lambda: sessions.get(session.id).ended_at is not None)


def cancel_kernel_session(api: Api, body: Body) -> dict[str, Any]:
    session_id = wire.number(body, "kernelSessionId")
    if session_id is None:
        raise bad_request("A kernel session id must be specified")
    session = api.kaggle.sessions.get(session_id)
    api.kaggle.kernels.check_owner(session.kernel_id, "kernelSessions.cancel")
    if not api.kaggle.sessions.cancel(session_id):
        return {"errorMessage": "The kernel session is not running."}
    return {}


def get_accelerator_quota_statistics(api: Api, body: Body) -> dict[str, Any]:
    quota = api.kaggle.quota
    return wire.quota(
        quota.refresh_time(), {"gpu": quota.reading("gpu"), "tpu": quota.reading("tpu")}
    )


def _version(api: Api, body: Body) -> KernelVersion:
    kernels = api.kaggle.kernels
    kernel = kernels.find(wire.text(body, "userName"), wire.text(body, "kernelSlug"))
    return kernels.version(kernel, wire.text(body, "versionLabel") or None)


def _session(api: Api, version: KernelVersion) -> Session | None:
    return api.kaggle.sessions.of_version(version.kernel.id, version.number)


def _outputs(api: Api, session: Session, body: Body) -> list[Output]:
    offset, size = wire.page(body)
    return api.kaggle.sessions.outputs(session.id, offset, size + 1)


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
