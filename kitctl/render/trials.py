"""The result of a sweep by trials on the screen, and of its `--plan`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kitctl.domain.results.differences import value_text
from kitctl.domain.runs import durations
from kitctl.domain.runs.counts import counted
from kitctl.domain.runs.search_space import SearchSpace, grid_size, parameter_text
from kitctl.domain.runs.trials import SweepLimits, TrialState
from kitctl.render.tables import Column, draw_table, number_text

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.trials.sweep_result import TrialsResult, TriedValues

SHOWN = 20
"""Rows on the screen; the table has them all."""


@dataclass(frozen=True)
class SweepPlan:
    """How a sweep would search, of which nothing was sent."""

    space: SearchSpace
    metric: str
    mode: str
    sampler: str
    pruner: str
    limits: SweepLimits
    kernel: str

    def as_data(self) -> dict[str, Any]:
        return {
            "kernel": self.kernel,
            "parameters": {name: parameter_text(each) for name, each in self.space.items()},
            "combinations": grid_size(self.space),
            "metric": self.metric,
            "mode": self.mode,
            "sampler": self.sampler,
            "pruner": self.pruner,
            "trials": self.limits.trials,
            "at_once": self.limits.at_once,
            "per_session": self.limits.per_session,
            "hours_limit_seconds": self.limits.seconds,
            "trial_limit_seconds": self.limits.session_seconds,
        }


def draw_sweep_plan(plan: SweepPlan, console: Console) -> None:
    limits = plan.limits
    rows = {
        "kernel": plan.kernel,
        **{name: parameter_text(each) for name, each in plan.space.items()},
        "metric": f"{plan.metric}, the {'least' if plan.mode == 'min' else 'greatest'} is best",
        "search": f"{plan.sampler}, stops trials by: {plan.pruner}",
        "trials": f"{limits.trials or 'as the hours allow'}",
        "sessions": f"at most {limits.at_once} at once, {_in_each(limits.per_session)}",
        "hours": durations.describe(limits.seconds) if limits.seconds else "no limit in all",
        "one session": f"at most {durations.describe(limits.session_seconds)}",
    }
    width = max(map(len, rows)) + 2
    for name, value in rows.items():
        console.print(f"{name:<{width}}{value}", soft_wrap=True)


def _in_each(per_session: int | None) -> str:
    if per_session is None:
        return "several short trials in each where it is long waited for"
    return f"{counted(per_session, 'trial')} in each"


def draw_trials(result: TrialsResult, console: Console) -> None:
    shown = ranked(result)[:SHOWN]
    if shown:
        varied = list(result.space)
        draw_table(
            [
                Column("trial", [f"{each.trial.number}" for each in shown]),
                Column("run", [_version(each) for each in shown]),
                *(Column(name, [_cell(each, name) for each in shown]) for name in varied),
                Column(result.metric, [_value(each) for each in shown]),
                Column("state", [each.trial.state.value for each in shown], "left"),
                Column("gave back", [_duration(each.trial.given_back_seconds) for each in shown]),
                Column("took", [_duration(each.seconds) for each in shown]),
                Column("epochs", [f"{len(each.trial.curve) or ''}" for each in shown]),
            ],
            console,
            whole=f"{result.table.name} has all" if result.table else "",
        )
    if len(result.tried) > SHOWN:
        console.print(f"… and {len(result.tried) - SHOWN} more trials")
    console.print(summary(result), soft_wrap=True)
    if result.best is not None:
        settings = ", ".join(f"{name}={_cell(result.best, name)}" for name in result.space)
        run = result.best.run.name if result.best.run else f"trial {result.best.trial.number}"
        console.print(
            f"best: {result.metric} {_value(result.best)} with {settings} ({run})", soft_wrap=True
        )
    for path in filter(None, (result.table, result.picture)):
        console.print(f"{path}", soft_wrap=True)


def ranked(result: TrialsResult) -> list[TriedValues]:
    """Return the trials: complete ones, the best first, then the others by their numbers."""
    sign = 1 if result.mode == "min" else -1

    def rank(each: TriedValues) -> tuple[bool, float, int]:
        value = each.trial.value
        return value is None, 0.0 if value is None else sign * value, each.trial.number

    return sorted(result.tried, key=rank)


def summary(result: TrialsResult) -> str:
    """Return why the sweep ended, with its trials and its hours, in one line."""
    states = [each.trial.state for each in result.tried]
    parts = [counted(len(states), "trial")]
    for state in (TrialState.PRUNED, TrialState.FAILED, TrialState.RUNNING):
        if count := states.count(state):
            parts.append(f"{count} {state}")
    hours = f"{durations.describe(result.spent_seconds)} used"
    if result.limit_seconds is not None:
        hours += f" of {durations.describe(result.limit_seconds)}"
    parts.append(hours)
    if result.given_back_seconds:
        parts.append(f"{durations.describe(result.given_back_seconds)} given back")
    return f"{result.outcome.label}: {', '.join(parts)}"


def _version(each: TriedValues) -> str:
    return f"v{each.run.version}" if each.run is not None and each.run.version else ""


def _cell(each: TriedValues, name: str) -> str:
    value = each.settings[name]
    return f"{value:.4g}" if isinstance(value, float) else value_text(value)


def _value(each: TriedValues) -> str:
    """Return a complete trial's value, else the last one that is known."""
    values = [each.trial.value, *reversed(list(each.trial.curve.values()))]
    known = next((value for value in values if value is not None), None)
    return "" if known is None else number_text(known)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else durations.describe(seconds)
