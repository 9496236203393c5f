"""The project's job as it would be pushed now, as far as its hours are concerned.

Only its metadata and settings are read, not its code: `quota` must answer at a glance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kitctl.config import JOB_NAME, METADATA_NAME, Config
from kitctl.domain import durations, metadata
from kitctl.domain.accelerators import SESSION_LIMIT_SECONDS
from kitctl.domain.forecast import forecast_run, forecast_without_past
from kitctl.domain.runs import Forecast, KernelRef, Run


@dataclass(frozen=True)
class NextRun:
    """What a push from here would ask for; `owner` is "" where it is the account's."""

    owner: str
    slug: str
    pool: str
    accelerator: str
    limit_seconds: float
    settings: Mapping[str, Any]

    def kernel(self, account: str) -> KernelRef:
        """Return the kernel that the account would push to."""
        return KernelRef(self.owner or account, self.slug)

    def forecast(self, past: Sequence[Run]) -> Forecast:
        """Return what the next run would take: as the last one, but for what was changed since."""
        if not past:
            return forecast_without_past(self.limit_seconds)
        last = past[0].intent
        epochs = self.settings.get("epochs", last.epochs)
        again = replace(
            last,
            accelerator=self.accelerator,
            limit_seconds=self.limit_seconds,
            settings={**last.settings, **self.settings},
            epochs=epochs if isinstance(epochs, int) else last.epochs,
        )
        return forecast_run(again, past)


def read_next_run(project: Path, settings: Config) -> NextRun | None:
    """Return the project's job; None where its metadata cannot be read: `package` says why."""
    import tomllib

    try:
        job = metadata.inspect((project / METADATA_NAME).read_text("utf-8")).metadata
        job = job.with_accelerator(settings.accelerator)
        own = tomllib.loads(((project / job.code_file).parent / JOB_NAME).read_text("utf-8"))
    except FileNotFoundError:
        own = {}
    except (ValueError, OSError):
        return None
    longest = SESSION_LIMIT_SECONDS[job.pool]
    return NextRun(
        owner=job.owner,
        slug=job.slug,
        pool=job.pool,
        accelerator=job.machine_shape,
        limit_seconds=min(durations.parse(settings.timeout) or longest, longest),
        settings=own,
    )
