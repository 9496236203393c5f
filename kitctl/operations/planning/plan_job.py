"""What a push would send: the project packed, and its settings checked by the script itself."""

from __future__ import annotations

import json
import keyword
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from kitctl.config import JOB_NAME, METADATA_NAME
from kitctl.domain.job import secrets
from kitctl.domain.job.metadata import Metadata, require_no_problems
from kitctl.domain.runs.resume import Resume
from kitctl.errors import InvalidInput, NextCommand, Problem
from kitctl.operations.planning.git_state import read_git_state
from kitctl.operations.planning.job_packages import job_packages, package_warnings
from kitctl.operations.planning.launch_options import environment_warnings
from kitctl.operations.project.read_project import Project, read_project
from kitctl.packing import bundle, notebooks
from kitctl.packing.plan import Launch, Plan, TrialLaunch

CHECK_SECONDS = 30.0
"""How long a script may take to check its settings."""


def plan_job(
    project: Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    accelerator: str = "",
    reuse_features: str = "",
    datasets: Sequence[str] = (),
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    resume: Resume | None = None,
    trials: Sequence[TrialLaunch] = (),
    files: Project | None = None,
) -> Plan:
    """Pack the project's job and check it as far as this machine can.

    `overrides` are settings of a job with a job.toml, or parameters of a notebook; `arguments`
    become the script's `sys.argv[1:]`, and `environment` is added to its variables.
    `reuse_features` is a kernel (`owner/slug`) whose outputs hold computed features: it becomes a
    source of the job, which then need not run its base model. `resume` is what the job goes on
    from: the run finds the folder of its outputs in KITCTL_RESUME. `datasets` are sources besides
    those of the metadata. With `trials` the run holds the job once for each of them. `files` is the
    project where it was read before: what changed in its folder since does not count.

    Raises InvalidInput with every mistake of the metadata, the files and the settings.
    """
    project_files = files or read_project(project)
    require_no_problems(project_files.problems)
    metadata = project_files.inspection.metadata.with_accelerator(accelerator)
    metadata = metadata.with_dataset_sources(datasets)
    if reuse_features:
        metadata = metadata.with_kernel_source(reuse_features)
        overrides = {**(overrides or {}), "reuse_features": reuse_features}
    if resume:
        metadata = metadata.with_input(resume.input)
    warnings = project_files.warnings
    if accelerator and metadata.accelerator.warning:
        warnings = (*warnings, metadata.accelerator.warning)
    if any(secrets.find_credentials(json.dumps(dict(overrides or {})))):
        raise InvalidInput(
            "A --set holds a credential, which would be sent along with the script.",
            code="settings",
            hint="A run reads secrets with kaggle_secrets.UserSecretsClient",
        )
    warnings = (
        *warnings,
        *environment_warnings(environment or {}),
        *package_warnings(project_files),
    )
    launch = Launch(
        **job_packages(project_files),
        files=project_files.data_files,
        arguments=tuple(arguments),
        environment=dict(environment or {}),
        resume=resume,
        trials=tuple(trials),
    )
    if project_files.modules:
        settings = {**project_files.settings, **(overrides or {})}
        plan = bundle.pack_modules(metadata, project_files.modules, settings, warnings, launch)
        if "KITCTL_CHECK" in plan.variables:
            plan = _with_checked_settings(plan)
            own = project_files.inspection.metadata.sources.datasets
            photos = _photos_to_use(plan, [each for each in datasets if each not in own])
            if photos and "data" not in (overrides or {}):
                settings["data"] = photos
                warnings = (*warnings, f"The job reads {photos}: --set data={photos} was added.")
                plan = bundle.pack_modules(
                    metadata, project_files.modules, settings, warnings, launch
                )
                plan = _with_checked_settings(plan)
    else:
        plan = _plan_single_file(metadata, project_files, overrides or {}, launch, warnings)
    sent = [METADATA_NAME, *plan.file_sizes, *([_settings_file(metadata)] if plan.is_job else [])]
    return replace(plan, git=read_git_state(project, sent))


def _photos_to_use(plan: Plan, added: Sequence[str]) -> str:
    """Return the one data set that was added and that no setting names yet; "" where none is.

    A job that has a setting for its photos would train on others otherwise.
    """
    if len(added) != 1 or not isinstance(plan.settings.get("data"), str):
        return ""
    (name,) = added
    is_named = any(name in str(value) for value in plan.settings.values())
    return "" if is_named else name


def _settings_file(metadata: Metadata) -> str:
    return PurePosixPath(metadata.code_file).with_name(JOB_NAME).as_posix()


def _plan_single_file(
    metadata: Metadata,
    project: Project,
    parameters: Mapping[str, Any],
    launch: Launch,
    warnings: tuple[str, ...],
) -> Plan:
    """Return the plan for a script or a notebook without a job.toml."""
    if metadata.language != "python" and not launch.is_empty:
        raise InvalidInput(
            f"{metadata.code_file} is no Python, so files, arguments and variables cannot go with "
            "it.",
            code="not_python",
        )
    if parameters and metadata.kernel_type != "notebook":
        raise InvalidInput(
            f"--set has no effect on {metadata.code_file}, which has no settings.",
            code="settings",
            hint="Give a script arguments after --, such as: -- --epochs 3   (settings need a "
            f"{JOB_NAME} beside the code)",
        )
    return bundle.plan_single_file(
        metadata,
        project.code,
        (*warnings, *_parameter_warnings(metadata, project.code, parameters)),
        own=project.own_code,
        launch=launch,
        settings=parameters,
    )


def _parameter_warnings(
    metadata: Metadata, code: bytes, parameters: Mapping[str, Any]
) -> list[str]:
    """Return what to warn of before a notebook's parameters are set.

    Raises InvalidInput for a name that is no name of Python's.
    """
    if not parameters:
        return []
    wrong = [name for name in parameters if not name.isidentifier() or keyword.iskeyword(name)]
    if wrong:
        raise InvalidInput(
            f"--set {wrong[0]} names no variable of a notebook.",
            code="settings",
            hint="For example: --set lr=0.01",
        )
    known = notebooks.parameters(code.decode("utf-8"))
    if known is None:
        return [
            f"{metadata.code_file} has no cell with the tag parameters, so --set stands before all "
            "cells: one that assigns the same name replaces it."
        ]
    unknown = [name for name in parameters if name not in known]
    if not unknown:
        return []
    return [
        f"The parameters of {metadata.code_file} are {', '.join(known) or 'none'}: "
        f"{', '.join(unknown)} is not among them, and set all the same."
    ]


def _with_checked_settings(plan: Plan) -> Plan:
    """Return the plan with the settings in force and their declarations, as the script has them.

    Raises InvalidInput with every wrong setting and its allowed values.
    """
    answer = _run_settings_check(plan.script)
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
            hint=(f"Fix {JOB_NAME} or --set, then: ", NextCommand("package")),
            problems=problems,
        )
    return replace(plan, settings=answer["settings"], knobs=tuple(answer["knobs"]))


def _run_settings_check(script: bytes) -> dict[str, Any]:
    """Run the packed script with KITCTL_CHECK=1 in an empty folder with a minimal environment."""
    environment = {"KITCTL_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    if "SYSTEMROOT" in os.environ:  # Without it no program starts on Windows.
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    with tempfile.TemporaryDirectory(prefix="kitctl-") as folder:
        path = Path(folder, "script.py")
        path.write_bytes(script)
        try:
            process = subprocess.run(
                [sys.executable, "-I", str(path)],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=CHECK_SECONDS,
            )
            answer = json.loads(process.stdout.splitlines()[-1])
            # A job may check its settings without describing them.
            return {
                "problems": answer["problems"],
                "settings": answer["settings"],
                "knobs": answer.get("knobs", []),
            }
        except subprocess.TimeoutExpired:
            reason = f"It gave no answer in {CHECK_SECONDS:.0f} s."
        except (IndexError, ValueError, KeyError, TypeError):
            reason = (process.stderr.strip().splitlines() or ["It gave no answer."])[-1]
    raise InvalidInput(
        f"The job could not check its own settings. {reason}",
        code="settings",
        hint="KITCTL_CHECK=1 python package/script.py shows the error in full",
    )
