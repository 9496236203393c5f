"""A job whose parameters vary from trial to trial, and what a run of trials sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kitctl.domain.runs.trials import TRIAL_VARIABLE, SessionTrials, Trial
from kitctl.errors import InvalidInput
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.planning.trial_template import TrialTemplate
from kitctl.operations.project.read_project import Project
from kitctl.packing.plan import Plan, TrialLaunch


@dataclass(frozen=True)
class SweptJob:
    """A job with parameters; `plan` is the job without their values, by which a sweep is known."""

    template: TrialTemplate
    plan_with: Callable[..., Plan]
    plan: Plan

    @property
    def can_share_a_session(self) -> bool:
        """Whether one run can hold several trials: a notebook or a setting is of the whole run."""
        return self.plan.metadata.kernel_type == "script" and not self.template.settings

    def plan_of(self, sweep: str, trials: Sequence[Trial]) -> Plan:
        """Return what a run of these trials sends."""
        launches = [self._launch_of(sweep, trial) for trial in trials]
        if len(launches) > 1:
            planned = self.plan_with(environment=_variables(sweep, trials), trials=launches)
        else:
            planned = self.plan_with(
                overrides=self.template.settings_of(trials[0].values),
                arguments=launches[0].arguments,
                environment=launches[0].environment,
            )
        return replace(planned, git=self.plan.git)

    def _launch_of(self, sweep: str, trial: Trial) -> TrialLaunch:
        template, values = self.template, trial.values
        return TrialLaunch(
            arguments=template.arguments_of(values),
            environment={**template.environment_of(values), **_variables(sweep, [trial])},
        )


def _variables(sweep: str, trials: Sequence[Trial]) -> dict[str, str]:
    numbers = tuple(trial.number for trial in trials)
    return {TRIAL_VARIABLE: SessionTrials(sweep, numbers).variable}


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
