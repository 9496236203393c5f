"""`kernels.KernelsApiService`: the files that a session leaves, one by one or as an archive."""

from __future__ import annotations

from typing import Any

from starlette.responses import FileResponse, RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.http.lookups import session_of, version_of
from kitctl.local.runs import logs
from kitctl.local.state.errors import bad_request, not_found
from kitctl.local.state.records import OutputFile, Session


def list_kernel_session_output(api: Api, body: Body) -> dict[str, Any]:
    session = session_of(api, version_of(api, body))
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
    session = session_of(api, version_of(api, body))
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
    """Redirect to one file; without a `filePath`, to a zip of all files."""
    kernels = api.state.kernels
    kernel = kernels.find(fields.text(body, "ownerSlug"), fields.text(body, "kernelSlug"))
    number = fields.number(body, "versionNumber")
    session = session_of(api, kernels.version(kernel, f"v{number}" if number else None))
    name = fields.text(body, "filePath")
    if session is None:
        raise not_found("This version has no output.")
    if not name:
        return RedirectResponse(api.signed_urls.file(api.state.sessions.archive(session.id)), 302)
    output = api.state.sessions.output_named(session.id, name)
    if output is None:
        raise not_found(f'This version has no output file "{name}".')
    return RedirectResponse(api.signed_urls.output(output.id, output.name), 302)


def download_kernel_output_zip(api: Api, body: Body) -> Response:
    """Return a zip of all files of a session."""
    session_id = fields.number(body, "kernelSessionId")
    if session_id is None:
        raise bad_request("A kernel session id must be specified")
    session = api.state.sessions.get(session_id)
    api.state.kernels.check_owner(session.kernel_id, "kernelSessions.get")
    archive = api.state.sessions.archive(session.id)
    return FileResponse(archive, media_type="application/zip", stat_result=archive.stat())


def _outputs(api: Api, session: Session, body: Body) -> list[OutputFile]:
    offset, size = fields.page(body)
    return api.state.sessions.outputs(session.id, offset, size + 1)


METHODS: Methods = {
    "ListKernelSessionOutput": list_kernel_session_output,
    "ListKernelFiles": list_kernel_files,
    "DownloadKernelOutput": download_kernel_output,
    "DownloadKernelOutputZip": download_kernel_output_zip,
}
