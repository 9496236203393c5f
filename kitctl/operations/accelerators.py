"""`accelerators`: the machines that a run can ask for, what they are today, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kitctl.domain.job import accelerators
from kitctl.domain.job.accelerators import (
    SESSION_LIMIT_SECONDS,
    SESSIONS_AT_ONCE,
    WEEKLY_LIMIT_SECONDS,
    Accelerator,
)


@dataclass(frozen=True)
class ListedAccelerator:
    """A name for `--accelerator` and the machine that it gives."""

    name: str
    machine: Accelerator

    @property
    def weekly_seconds(self) -> float | None:
        """The week's seconds for all machines of its pool; None where there is no limit."""
        return WEEKLY_LIMIT_SECONDS.get(self.machine.pool)

    @property
    def session_seconds(self) -> int:
        """When Kaggle ends a session on it."""
        return SESSION_LIMIT_SECONDS[self.machine.pool]

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "machine_shape": self.machine.shape,
            "pool": self.machine.pool,
            "runs_on": self.machine.runs_on,
            "weekly_seconds": self.weekly_seconds,
            "session_seconds": self.session_seconds,
            "sessions_at_once": SESSIONS_AT_ONCE.get(self.machine.pool),
        }


@dataclass(frozen=True)
class AcceleratorList:
    """Every accelerator, the short names first."""

    listed: tuple[ListedAccelerator, ...]

    def as_data(self) -> Mapping[str, Any]:
        return {"accelerators": [item.as_data() for item in self.listed]}


def list_accelerators() -> AcceleratorList:
    """Return the short names, then Kaggle's own names of other machines."""
    short = accelerators.SHORT_NAMES
    known = {machine.shape for machine in short.values()}
    others = [machine for machine in accelerators.SHAPES if machine.shape not in known]
    return AcceleratorList(
        (
            *(ListedAccelerator(name, machine) for name, machine in short.items()),
            *(ListedAccelerator(machine.shape, machine) for machine in others),
        )
    )
