"""The version and the session that a request names."""

from __future__ import annotations

from kitctl.local.http import fields
from kitctl.local.http.api import Api
from kitctl.local.http.fields import Body
from kitctl.local.state.records import KernelVersion, Session


def version_of(api: Api, body: Body) -> KernelVersion:
    """Return the version of `userName`, `kernelSlug` and `versionLabel`; the newest without one."""
    kernels = api.state.kernels
    kernel = kernels.find(fields.text(body, "userName"), fields.text(body, "kernelSlug"))
    return kernels.version(kernel, fields.text(body, "versionLabel") or None)


def session_of(api: Api, version: KernelVersion) -> Session | None:
    return api.state.sessions.of_version(version.kernel.id, version.number)
