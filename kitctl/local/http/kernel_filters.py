"""The filters and the order of ListKernels."""

from __future__ import annotations

from pathlib import PurePosixPath

from kitctl.local.http import fields
from kitctl.local.http.api import Api
from kitctl.local.http.fields import Body
from kitctl.local.state.records import Kernel, KernelVersion

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".html")


def select(api: Api, kernels: list[Kernel], body: Body) -> list[Kernel]:
    """Return the kernels that a request asks for, in its order; they come the last pushed first."""
    selected = [kernel for kernel in kernels if _matches(api, kernel, body)]
    if fields.text(body, "sortBy").upper() == "DATE_CREATED":
        selected.sort(key=lambda kernel: kernel.id, reverse=True)
    return selected


def _matches(api: Api, kernel: Kernel, body: Body) -> bool:
    owner = fields.text(body, "user").lower()
    if fields.text(body, "group") == "PROFILE":
        owner = api.state.account
    text = f"{kernel.title} {kernel.slug}".lower()
    if owner not in ("", kernel.owner) or fields.text(body, "search").lower() not in text:
        return False
    parent = fields.text(body, "parentKernel").lower()
    if parent and parent != api.state.kernels.parent(kernel):
        return False
    version = api.state.kernels.version(kernel, None)
    request = version.request
    datasets = {"/".join(source.lower().split("/")[:2]) for source in request.dataset_sources}
    return (
        fields.text(body, "language") in ("", "all", request.language)
        and fields.text(body, "kernelType") in ("", "all", request.kernel_type)
        and fields.text(body, "dataset").lower() in ("", *datasets)
        and fields.text(body, "competition").lower() in ("", *request.competition_sources)
        and _has_output(api, version, fields.text(body, "outputType"))
    )


def _has_output(api: Api, version: KernelVersion, output_type: str) -> bool:
    """Return whether a version left pictures (visualization) or other files (data)."""
    if output_type in ("", "all"):
        return True
    session = api.state.sessions.of_version(version.kernel.id, version.number)
    outputs = api.state.sessions.outputs(session.id, 0, -1) if session else []
    wants_pictures = output_type == "visualization"
    return any(
        (PurePosixPath(output.name).suffix.lower() in PICTURES) == wants_pictures
        for output in outputs
    )
