"""`kernels.KernelsApiService`: save, list and delete kernels; sessions and quota."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kitctl.local.http import fields, kernel_filters, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.http.lookups import session_of, version_of
from kitctl.local.state import machines
from kitctl.local.state.errors import NO_RUNS, bad_request, not_found
from kitctl.local.state.names import split_reference


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
    version = version_of(api, body)
    if not fields.text(body, "versionLabel"):
        version = api.state.visibility.newest(version.kernel)
    api.state.visibility.check(version)
    return wire.kernel(version)


def list_kernels(api: Api, body: Body) -> dict[str, Any]:
    kernels = api.state.kernels
    matches = kernel_filters.select(api, kernels.visible(), body)
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
    version = version_of(api, body)
    api.state.visibility.check(version)
    if fields.text(body, "versionLabel"):
        session = session_of(api, version)
    else:
        session = api.state.sessions.for_unlabelled_status(version.kernel.id, version.number)
    if session is None:
        raise not_found(NO_RUNS)
    return wire.session_status(session)


def create_kernel_session(api: Api, body: Body) -> dict[str, Any]:
    """Open a notebook: an interactive session, which only uses its machine's hours here."""
    owner, slug = split_reference(fields.text(body, "slug"), default_owner=api.state.account)
    api.state.kernels.own(owner, slug, "kernelSessions.create")
    machine = machines.choose(fields.text(body, "machineShape"), enable_gpu=False, enable_tpu=False)
    name = f"operations/kernel-sessions/{slug}"
    if refusal := api.state.quota.limit_message(machine.pool):
        return {"name": name, "done": True, "error": {"code": 429, "message": refusal}}
    session_id = api.state.quota.open_interactive(machine.pool)
    return {"name": name, "done": True, "response": {"kernelSessionId": session_id}}


def cancel_kernel_session(api: Api, body: Body) -> dict[str, Any]:
    session_id = fields.number(body, "kernelSessionId")
    if session_id is None:
        raise bad_request("A kernel session id must be specified")
    if api.state.quota.close_interactive(session_id):
        return {}
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


METHODS: Methods = {
    "SaveKernel": save_kernel,
    "GetKernel": get_kernel,
    "ListKernels": list_kernels,
    "DeleteKernel": delete_kernel,
    "CreateKernelSession": create_kernel_session,
    "GetKernelSessionStatus": get_kernel_session_status,
    "CancelKernelSession": cancel_kernel_session,
    "GetAcceleratorQuotaStatistics": get_accelerator_quota_statistics,
}
