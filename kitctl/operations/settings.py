"""`settings`: list the settings of a job, as its packed script describes them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.config import JOB_NAME
from kitctl.errors import InvalidInput, NextCommand
from kitctl.operations.planning.plan_job import plan_job


@dataclass(frozen=True)
class Setting:
    """A setting of a job; `value` is the one in force.

    A job that checks its settings without describing them leaves everything but the name and the
    value empty.
    """

    name: str
    section: str
    default: Any
    value: Any
    allowed: str
    help: str
    changes_weights: bool | None
    example: Any


@dataclass(frozen=True)
class SettingList:
    """The settings of a job, in the order of their declarations."""

    settings: tuple[Setting, ...]


def list_settings(project: Path, names: Sequence[str] = ()) -> SettingList:
    """Pack the project's job and ask it for its settings, or for those of these names.

    Raises:
        InvalidInput: when the job has no settings, some of them are wrong, or a name is unknown.
    """
    plan = plan_job(project)
    if not plan.is_job:
        raise InvalidInput(
            f"{plan.metadata.code_file} has no settings: there is no {JOB_NAME} beside it.",
            code="settings",
            hint=f"Settings need a {JOB_NAME} in the same folder; see the README.",
        )
    knobs = {knob["name"]: knob for knob in plan.knobs}
    known = {**knobs, **{name: {} for name in plan.settings if name not in knobs}}
    for name in names:
        if name not in known:
            raise _unknown(name, known)
    shown = [name for name in known if not names or name in names]
    return SettingList(
        tuple(_setting(name, known[name], plan.settings.get(name)) for name in shown)
    )


def _setting(name: str, knob: Mapping[str, Any], value: Any) -> Setting:
    return Setting(
        name=name,
        section=knob.get("section", ""),
        default=knob.get("default"),
        value=value,
        allowed=knob.get("allowed", ""),
        help=knob.get("help", ""),
        changes_weights=knob.get("changes_weights"),
        example=knob.get("example"),
    )


def _unknown(name: str, known: Mapping[str, object]) -> InvalidInput:
    near = difflib.get_close_matches(name, known, n=1)
    return InvalidInput(
        f"The job has no setting {name!r}.",
        code="settings",
        hint=NextCommand("settings", near[0] if near else ""),
    )
