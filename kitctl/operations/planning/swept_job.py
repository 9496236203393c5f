"""A job whose parameters vary from trial to trial, and what the run of one trial sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kitctl.domain.runs.trials import TRIAL_VARIABLE, Trial, TrialId
from kitctl.errors import InvalidInput
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.planning.trial_template import TrialTemplate
from kitctl.operations.project.read_project import Project
from kitctl.packing.plan import Plan


@dataclass(frozen=True)
class SweptJob:
    """A job with parameters; `plan` is the job without their values, by which a sweep is known."""

    template: TrialTemplate
    plan_with: Callable[..., Plan]
    plan: Plan

    def plan_of(self, sweep: str, trial: Trial) -> Plan:
        """Return what the run of a trial sends."""
        template, values = self.template, trial.values
        variables = {TRIAL_VARIABLE: TrialId(sweep, trial.number).variable}
        planned = self.plan_with(
            overrides=template.settings_of(values),
            arguments=template.arguments_of(values),
            environment={**template.environment_of(values), **variables},
        )
        return replace(planned, git=self.plan.git)


def swept_job(project: Path, files: Project, template: TrialTemplate, accelerator: str) -> SweptJob:
    """Return the job of a project with the parameters of a template.

    Raises InvalidInput where a parameter reaches the script in no way.
    """
    takes_settings = files.modules or files.inspection.metadata.kernel_type == "notebook"
    if template.settings and not takes_settings:
        raise _not_taken(template.settings[0])
    # Trials take days: what is changed in the folder meanwhile is not the same job.
    plan_with = partial(plan_job, project, accelerator=accelerator, files=files)
    plan = plan_with(arguments=template.arguments, environment=template.environment)
    return SweptJob(template, plan_with, plan)


def _not_taken(name: str) -> InvalidInput:
    return InvalidInput(
        f"The script has no settings, so that nothing takes {name}.",
        code="settings",
        hint=f"Write {{{name}}} among its arguments or variables, such as: -- --{name} {{{name}}}"
        f"   or   --env {name.upper()}={{{name}}}",
    )
