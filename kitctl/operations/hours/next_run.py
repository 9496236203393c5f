"""The run that a push would start now, as far as its hours are concerned.

Only the project's metadata and settings are read, not its code: `quota` must answer at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kitctl.config import JOB_NAME, Config
from kitctl.domain.job.accelerators import SESSION_LIMIT_SECONDS
from kitctl.domain.quota.forecast import forecast_run, forecast_without_past
from kitctl.domain.runs import durations
from kitctl.domain.runs.run import Forecast, KernelRef, Run, kernel_of_job
from kitctl.errors import InvalidInput
from kitctl.files import read_toml
from kitctl.operations.project.read_metadata import read_metadata


@dataclass(frozen=True)
class NextRun:
    """What a push would ask for; `owner` is "" where the account is the owner."""

    owner: str
    slug: str
    pool: str
    accelerator: str
    limit_seconds: float
    settings: Mapping[str, Any]

    def kernel(self, account: str, service: str) -> KernelRef:
        """Return the kernel that the account would push to."""
        return kernel_of_job(self.owner, self.slug, lambda: account, service)

    def forecast(self, past: Sequence[Run]) -> Forecast:
        """Return how long it would take: as the last run, but with what has changed since."""
        if not past:
            return forecast_without_past(self.limit_seconds)
        last = past[0].intent
        epochs = self.settings.get("epochs", last.epochs)
        intent = replace(
            last,
            accelerator=self.accelerator,
            limit_seconds=self.limit_seconds,
            settings={**last.settings, **self.settings},
            epochs=epochs if isinstance(epochs, int) else last.epochs,
        )
        return forecast_run(intent, past)


def read_next_run(project: Path, config: Config) -> NextRun | None:
    """Return the project's next run; None where its settings cannot be read: `package` says why.

    Raises InvalidInput where kernel-metadata.json is broken.
    """
    metadata = read_metadata(project).metadata.with_accelerator(config.accelerator)
    try:
        settings = read_toml((project / metadata.code_file).parent / JOB_NAME)
    except FileNotFoundError:
        settings = {}
    except InvalidInput:
        return None
    longest = SESSION_LIMIT_SECONDS[metadata.pool]
    return NextRun(
        owner=metadata.owner,
        slug=metadata.slug,
        pool=metadata.pool,
        accelerator=metadata.machine_shape,
        limit_seconds=min(durations.parse(config.timeout) or longest, longest),
        settings=settings,
    )
