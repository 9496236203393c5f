"""Read a project's kernel-metadata.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kitctl.config import METADATA_NAME
from kitctl.domain.job import metadata
from kitctl.domain.job.metadata import Inspection
from kitctl.domain.runs.run import KernelRef, kernel_of_job
from kitctl.errors import InvalidInput, NextCommand
from kitctl.files import read_settings_text


def read_metadata(project: Path) -> Inspection:
    """Return what the project's metadata says, and what is wrong with it.

    Raises InvalidInput where it is no UTF-8 or no JSON object.
    """
    return metadata.inspect(read_settings_text(project / METADATA_NAME))


def project_kernel(project: Path, account: Callable[[], str], service: str) -> KernelRef:
    """Return the project's kernel; `account` is called only where it is the owner.

    Raises InvalidInput where the metadata has no id.
    """
    job = read_metadata(project).metadata
    if not job.slug:
        raise InvalidInput(
            f"{METADATA_NAME} names no id, so there is no kernel to look for.",
            code="metadata",
            hint=NextCommand("doctor", note="says what else is missing"),
        )
    return kernel_of_job(job.owner, job.slug, account, service)
