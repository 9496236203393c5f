"""`package`: write the script and the metadata that a push would send into a folder."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from kitctl.config import METADATA_NAME
from kitctl.domain.job.metadata import Metadata
from kitctl.errors import InvalidInput, NextCommand
from kitctl.files import replace_file
from kitctl.packing.plan import COMFORTABLE_SCRIPT_BYTES, Plan


@dataclass(frozen=True)
class PackageResult:
    """The folder, and the command that runs the job from it with another program."""

    out: Path
    script_sha256: str
    script_bytes: int
    modules: tuple[str, ...]
    warnings: tuple[str, ...]
    service_files: tuple[str, ...]
    command: str
    content: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        del own["content"]
        return {**self.content, **own}


def write_package(plan: Plan, out: Path) -> PackageResult:
    """Write the plan into the folder, which is created if needed; other files there stay."""
    return _write(plan, out, {}, f"kaggle kernels push -p {shlex.quote(str(out))}")


def write_package_for(service: str, plan: Plan, out: Path) -> PackageResult:
    """Write the plan as `write_package`, and the files by which a service of SERVICES runs it.

    Raises InvalidInput for a job that runs only on Kaggle.
    """
    from kitctl.packing.elsewhere.services import SERVICES

    chosen = SERVICES[service]
    return _write(
        plan, out, chosen.files(plan.metadata), f"cd {shlex.quote(str(out))} && {chosen.command}"
    )


def _require_whole(plan: Plan) -> None:
    if not plan.attached:
        return
    size = sum(plan.file_sizes.values()) // 1000
    what = "packages for a run without internet"
    if plan.code_data:
        what = (
            f"{size} kB of code and files, where a script holds "
            f"{COMFORTABLE_SCRIPT_BYTES // 1000} kB"
        )
    raise InvalidInput(
        f"A package cannot hold {what}: push sends that as the private data set "
        f"{' and '.join(plan.attached)}.",
        code="needs_dataset",
        hint=NextCommand("push"),
    )


def _require_free(out: Path, names: Iterable[str], metadata: Metadata) -> None:
    """Raise InvalidInput where files of others than this job's packages would be replaced."""
    taken = [name for name in names if (out / name).exists()]
    if not taken and (out.is_dir() or not out.exists()):
        return
    try:
        earlier = json.loads((out / METADATA_NAME).read_text("utf-8"))
        is_package = (earlier["id"], earlier["code_file"]) == (metadata.id, metadata.code_file)
    except (OSError, ValueError, KeyError, TypeError):
        is_package = False
    if not is_package:
        what = f"holds {taken[0]}, which is no package of this job" if taken else "is no folder"
        raise InvalidInput(
            f"{out} {what}; nothing was written.",
            code="folder_in_use",
            hint="Choose another folder with --out.",
        )


def _write(plan: Plan, out: Path, texts: Mapping[str, str], command: str) -> PackageResult:
    _require_whole(plan)
    metadata = replace(plan.metadata, code_file=plan.script_name)
    files = {
        plan.script_name: plan.script,
        METADATA_NAME: metadata.to_json().encode(),
        **{name: text.encode() for name, text in texts.items()},
    }
    _require_free(out, files, metadata)
    out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        with replace_file(out / name) as part:
            part.write_bytes(data)
    return PackageResult(
        out=out,
        script_sha256=plan.script_sha256,
        script_bytes=len(plan.script),
        modules=plan.modules,
        warnings=plan.offline_warnings,
        service_files=tuple(texts),
        command=command,
        content=plan.content_data(),
    )
