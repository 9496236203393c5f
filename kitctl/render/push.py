"""The results of `kitctl push` on the screen, and of `--plan` and `--follow`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kitctl.domain.results.differences import value_text
from kitctl.domain.runs import durations
from kitctl.domain.runs.counts import counted
from kitctl.domain.runs.run import Status
from kitctl.packing.plan import Plan
from kitctl.render.lines import draw_line, draw_sentence
from kitctl.render.status import draw_status

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.push import PushResult
    from kitctl.operations.watching.run_status import RunStatus


@dataclass(frozen=True)
class PushPlan:
    """A plan that was not sent, and the session's limit; None is Kaggle's own."""

    plan: Plan
    timeout_seconds: int | None

    def as_data(self) -> dict[str, Any]:
        metadata = self.plan.metadata
        return {
            "kernel": metadata.id,
            "title": metadata.title,
            "script_sha256": self.plan.script_sha256,
            "script_bytes": len(self.plan.script),
            "modules": self.plan.modules,
            "accelerator": metadata.machine_shape or "cpu",
            "pool": metadata.pool,
            "timeout_seconds": self.timeout_seconds,
            "is_private": metadata.is_private,
            "enable_internet": metadata.enable_internet,
            "sources": metadata.sources,
            "settings": self.plan.settings,
            "warnings": self.plan.offline_warnings,
            **self.plan.content_data(),
        }


@dataclass(frozen=True)
class FollowedPush:
    """A push that was followed to its run's end."""

    pushed: PushResult
    status: RunStatus

    def as_data(self) -> dict[str, Any]:
        return {**self.pushed.as_data(), **self.status.as_data()}


def draw_plan(planned: PushPlan, console: Console) -> None:
    data = planned.as_data()
    limit = planned.timeout_seconds
    rows = {
        "kernel": data["kernel"],
        "title": data["title"],
        "script": f"{data['script_bytes'] / 1000:.0f} kB, {counted(len(data['files']), 'file')}",
        "sha256": data["script_sha256"],
        "accelerator": data["accelerator"],
        "timeout": durations.describe(limit) if limit else "Kaggle's limit",
        "private": "yes" if data["is_private"] else "no",
        "internet": "on" if data["enable_internet"] else "off",
        "sources": ", ".join(planned.plan.metadata.sources.all) or "none",
        "arguments": shlex.join(data["arguments"]),
        "variables": ", ".join(f"{name}={value}" for name, value in data["environment"].items()),
        "packages": ", ".join(data["requirements"]),
        "attached": ", ".join(data["attached"]),
        "commit": data["git"].label if data["git"] else "",
    }
    for name, value in rows.items():
        if value:
            console.print(f"{name:<12} {value}", soft_wrap=True)
    draw_settings(planned.plan, console)
    for warning in data["warnings"]:
        draw_sentence("warning", warning, console, width=13)


def draw_settings(plan: Plan, console: Console) -> None:
    """Draw the settings that have not their defaults; all where the job does not tell them."""
    if not plan.settings:
        return
    defaults = {knob["name"]: knob.get("default") for knob in plan.knobs}
    changed = {
        name: value
        for name, value in plan.settings.items()
        if name not in defaults or value != defaults[name]
    }
    rest = len(plan.settings) - len(changed)
    shown = [f"{name}={value_text(value)}" for name, value in changed.items()]
    if rest:
        shown.append(f"and {rest} at their defaults (kitctl settings lists them)")
    draw_sentence("settings", ", ".join(shown), console, width=13)


def draw_pushed(pushed: PushResult, console: Console) -> None:
    intent = pushed.run.intent
    is_started = pushed.run.status is not Status.NEW_SCRIPT
    draw_line(f"{pushed.run.name} ✓ {'queued' if is_started else 'saved'}", console)
    console.print(pushed.url, soft_wrap=True)
    if is_started and intent.pool != "cpu" and intent.forecast.seconds is not None:
        basis = " at most" if intent.forecast.basis == "timeout" else ", by past runs"
        console.print(f"expected to take {durations.describe(intent.forecast.seconds)}{basis}")


def draw_followed(followed: FollowedPush, console: Console) -> None:
    draw_status(followed.status, console)
