"""`package`: a project → the one script and the metadata that would be pushed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kitctl.config import JOB_NAME, METADATA_NAME
from kitctl.domain import secrets
from kitctl.domain.metadata import require_none
from kitctl.errors import InvalidInput, Problem
from kitctl.operations.shared.read_job import read_job
from kitctl.packing import bundle
from kitctl.packing.bundle import Plan

CHECK_SECONDS = 30.0
"""How long a script may take to check its settings before it is given up."""


@dataclass(frozen=True)
class PackageResult:
    """The folder that `kaggle kernels push -p` takes."""

    out: Path
    script_sha256: str
    script_bytes: int
    modules: tuple[str, ...]
    warnings: tuple[str, ...]


def plan(
    project: Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    accelerator: str = "",
    reuse_features: str = "",
) -> Plan:
    """What would be pushed, checked as far as this machine can.

    `reuse_features` is the kernel (`owner/slug`) that kept features: it becomes a source of the
    job, which then need not run its base.
    Raises InvalidInput with every mistake of the metadata, the files and the settings.
    """
    job = read_job(project)
    require_none(job.problems)
    metadata = job.inspection.metadata.on(accelerator)
    if reuse_features:
        metadata = metadata.attaching(reuse_features)
        overrides = {**(overrides or {}), "reuse_features": reuse_features}
    warnings = job.inspection.warnings
    if accelerator and metadata.accelerator.warning:
        warnings = (*warnings, metadata.accelerator.warning)
    if any(secrets.found(json.dumps(dict(overrides or {})))):
        raise InvalidInput(
            "A --set holds a credential, which would be sent along with the script.",
            code="settings",
            hint="A run reads secrets with kaggle_secrets.UserSecretsClient",
        )
    if not job.modules:
        if overrides:
            raise InvalidInput(
                f"--set has no effect on {metadata.code_file}: it is sent byte for byte.",
                code="settings",
                hint=f"Settings need a {JOB_NAME} beside the code; see the README.",
            )
        return bundle.as_it_is(metadata, job.code, warnings)
    packed = bundle.pack(metadata, job.modules, {**job.settings, **(overrides or {})}, warnings)
    return _checked(packed) if "KITCTL_CHECK" in packed.answers else packed


def write(made: Plan, out: Path) -> PackageResult:
    """Writes the plan into the folder, which is made if need be; other files there are left."""
    out.mkdir(parents=True, exist_ok=True)
    metadata = replace(made.metadata, code_file=made.script_name)
    _write_whole(out / made.script_name, made.script)
    _write_whole(out / METADATA_NAME, metadata.to_json().encode())
    return PackageResult(out, made.script_sha256, len(made.script), made.modules, made.warnings)


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _checked(packed: Plan) -> Plan:
    """The plan with the settings in force, as the script itself says them.

    Raises InvalidInput with every wrong setting and what may stand there.
    """
    answer = _ask_script(packed.script)
    problems = [
        Problem(
            problem["setting"],
            f"is {json.dumps(problem['value'])}: {problem['message'].rstrip('.')}.",
            f"Allowed: {problem['allowed'].rstrip('.')}." if problem.get("allowed") else "",
        )
        for problem in answer["problems"]
    ]
    if problems:
        raise InvalidInput(
            "The job's settings are wrong; nothing was sent.",
            code="settings",
            hint=f"Mend {JOB_NAME} or --set, then: kitctl package",
            problems=problems,
        )
    return replace(packed, settings=answer["settings"])


def _ask_script(script: bytes) -> dict[str, Any]:
    """Runs the packed script with KITCTL_CHECK=1, in an empty folder and a bare environment."""
    environment = {"KITCTL_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    if "SYSTEMROOT" in os.environ:  # Without it no program starts on Windows.
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    with tempfile.TemporaryDirectory(prefix="kitctl-") as folder:
        path = Path(folder, "script.py")
        path.write_bytes(script)
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(path)],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=CHECK_SECONDS,
            )
            answer = json.loads(done.stdout.splitlines()[-1])
            return {"problems": answer["problems"], "settings": answer["settings"]}
        except subprocess.TimeoutExpired:
            said = f"It gave no answer in {CHECK_SECONDS:.0f} s."
        except (IndexError, ValueError, KeyError, TypeError):
            said = (done.stderr.strip().splitlines() or ["It gave no answer."])[-1]
    raise InvalidInput(
        f"The job could not check its own settings. {said}",
        code="settings",
        hint="KITCTL_CHECK=1 python package/script.py shows the error in full",
    )
