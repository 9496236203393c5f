"""Prepare a run on this machine: the job's plan, and a folder for each of its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kitctl.config import Config
from kitctl.operations.local_runs.prepare_sources import added_datasets, prepare, stand_ins
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.project.read_project import read_project
from kitctl.packing.plan import Plan
from kitctl.ports import Reporter


def prepare_run(
    project: Path,
    config: Config,
    reporter: Reporter,
    *,
    overrides: Mapping[str, Any],
    data: Sequence[str] = (),
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> tuple[Plan, dict[str, Path]]:
    """Return the plan, and path under /kaggle/input → local folder, after the recipes have run.

    `data` are `SLUG=DIR` options, which outrank the config's folders; a data set that the job does
    not name becomes a source of it, as with `push --data`. `arguments` and `environment` are the
    script's.

    Raises InvalidInput where the project or a source's folder is wrong.
    """
    files = read_project(project)
    plan = plan_job(
        project,
        datasets=tuple(added_datasets(files.inspection.metadata.sources, data)),
        files=files,
        overrides=overrides,
        accelerator=config.accelerator,
        arguments=arguments,
        environment=environment,
    )
    for warning in plan.warnings:
        reporter.warn(warning)
    return plan, prepare(stand_ins(project, plan.metadata.sources, config.sources, data), reporter)
