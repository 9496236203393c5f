"""`package`: write the script and the metadata that a push would send into a folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kitctl.config import METADATA_NAME
from kitctl.files import replace_file
from kitctl.packing.bundle import Plan


@dataclass(frozen=True)
class PackageResult:
    """The folder that `kaggle kernels push -p` takes."""

    out: Path
    script_sha256: str
    script_bytes: int
    modules: tuple[str, ...]
    warnings: tuple[str, ...]


def write_package(plan: Plan, out: Path) -> PackageResult:
    """Write the plan into the folder, which is created if needed; other files there stay."""
    out.mkdir(parents=True, exist_ok=True)
    metadata = replace(plan.metadata, code_file=plan.script_name)
    files = {plan.script_name: plan.script, METADATA_NAME: metadata.to_json().encode()}
    for name, data in files.items():
        with replace_file(out / name) as part:
            part.write_bytes(data)
    return PackageResult(out, plan.script_sha256, len(plan.script), plan.modules, plan.warnings)
