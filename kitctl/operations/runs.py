"""`runs`: the runs in the ledger, newest first, and what those that were pulled measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kitctl.domain.results.differences import differing_settings, value_text
from kitctl.domain.results.metrics import BestValue
from kitctl.domain.runs.groups import RunLine, lines_of, single_lines
from kitctl.domain.runs.run import KernelRef, Run, Status
from kitctl.domain.runs.weeks import moment_of
from kitctl.errors import KitError
from kitctl.operations.results.pulled_run import PulledRun, PulledRuns
from kitctl.operations.results.run_table import PUBLIC_SCORE, common_metric, sort_table
from kitctl.operations.watching.reconcile import reconcile
from kitctl.ports import Kaggle, Ledger, Reporter

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RunList:
    """Runs of the ledger at the time `now`, in seconds on Kaggle's clock.

    `lines` are what people see: the sessions of a group on one line, or each run on its own.
    `pulled` holds the results that are here, by the run's id; `metric` is the one that is shown.
    """

    runs: tuple[Run, ...]
    now: float
    lines: tuple[RunLine, ...] = ()
    pulled: Mapping[int, PulledRun] = field(default_factory=dict)
    metric: str | None = None

    def seconds(self, run: Run) -> float:
        """Return how long a run occupied its machine, or has been occupying it."""
        return run.machine_seconds_at(self.now)

    def line_seconds(self, line: RunLine) -> float:
        """Return how long the runs of a line occupied their machines together."""
        return sum(map(self.seconds, line.runs))

    def line_best(self, line: RunLine) -> BestValue | None:
        """Return the best value of the newest run of a line whose results are here."""
        return next(filter(None, map(self.best, line.runs)), None)

    @property
    def accelerator_seconds(self) -> float:
        """How many accelerator seconds the listed runs used together."""
        return sum(self.seconds(run) for run in self.runs if run.intent.pool != "cpu")

    @property
    def differing(self) -> Mapping[str, Mapping[int, object]]:
        """The settings that differ between runs, with the values by the run's id."""
        shown = [*self.runs, *(line.newest for line in self.lines)]
        settings = {run.id: self._settings(run) for run in shown}
        known = {number: values for number, values in settings.items() if values}
        return {
            name: dict(zip(known, values, strict=True))
            for name, values in differing_settings(list(known.values())).items()
        }

    def best(self, run: Run) -> BestValue | None:
        """Return the best value of the metric, where the run's results are here."""
        pulled = self.pulled.get(run.id)
        return pulled.compared.best(self.metric) if pulled and self.metric else None

    def table(self) -> pd.DataFrame:
        """Return a row for each run: name, state, hours, the metric, the settings that differ."""
        import pandas as pd

        bests = [self.best(run) for run in self.runs]
        columns: dict[str, list[object]] = {
            "run": [run.name for run in self.runs],
            "status": [run.status.label for run in self.runs],
            "machine": [run.intent.accelerator or "cpu" for run in self.runs],
            "pushed": [moment_of(run.pushed_at or run.intent.written_at) for run in self.runs],
            "hours": [round(self.seconds(run) / 3600, 4) for run in self.runs],
        }
        if self.metric:
            columns[self.metric] = [best.value if best else None for best in bests]
            columns["best_epoch"] = [best.epoch if best else None for best in bests]
        scores = [run.facts.public_score for run in self.runs]
        if any(scores):
            columns[PUBLIC_SCORE] = list(scores)
        for name, values in self.differing.items():
            columns.setdefault(name, [value_text(values.get(run.id)) for run in self.runs])
        return pd.DataFrame(columns).astype({"best_epoch": "Int64"} if self.metric else {})

    def sorted_by(self, column: str) -> RunList:
        """Return the list in the order of a column of the table, the best metric first.

        Raises InvalidInput where there is no such column.
        """
        order = sort_table(self.table(), column).index
        runs = tuple(self.runs[int(place)] for place in order)
        return replace(self, runs=runs, lines=single_lines(runs))

    def first(self, limit: int) -> RunList:
        """Return the first runs of the list, so many at most."""
        return replace(self, runs=self.runs[:limit], lines=self.lines[:limit])

    def as_data(self) -> dict[str, Any]:
        return {
            "runs": [self._row(run) for run in self.runs],
            "accelerator_seconds": self.accelerator_seconds,
            "metric": self.metric,
            "groups": [self._group(line) for line in self.lines if line.group],
        }

    def _group(self, line: RunLine) -> dict[str, Any]:
        assert line.group is not None
        seconds = self.line_seconds(line)
        return {
            "kind": line.group.kind,
            "id": line.group.id,
            "sessions": len(line.runs),
            "complete": sum(run.status is Status.COMPLETE for run in line.runs),
            "status": line.newest.status,
            "running_seconds": seconds,
            "accelerator_seconds": 0.0 if line.newest.intent.pool == "cpu" else seconds,
            "runs": [run.name for run in line.runs],
        }

    def _settings(self, run: Run) -> Mapping[str, Any]:
        pulled = self.pulled.get(run.id)
        return pulled.settings if pulled else run.intent.settings

    def _row(self, run: Run) -> dict[str, Any]:
        times = {
            "pushed_at": run.pushed_at or run.intent.written_at,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "pulled_at": run.pulled_at,
        }
        best = self.best(run)
        return {
            "run": run.name,
            "version": run.version,
            "status": run.status,
            "failure_message": run.failure_message or None,
            "error_line": (run.facts.error_line or None) if run.status.failed else None,
            "name": run.intent.name or None,
            "message": run.intent.message or None,
            "accelerator": run.intent.accelerator or "cpu",
            "pool": run.intent.pool,
            "running_seconds": self.seconds(run),
            "forecast_seconds": run.intent.forecast.seconds,
            "script_sha256": run.intent.script_sha256,
            "pulled_to": run.pulled_to,
            "arguments": run.intent.arguments,
            "environment": run.intent.environment,
            "git": run.intent.git,
            **{name: None if at is None else moment_of(at) for name, at in times.items()},
            "best_value": best.value if best else None,
            "best_epoch": best.epoch if best else None,
            "public_score": run.facts.public_score,
            "differing": {name: values.get(run.id) for name, values in self.differing.items()},
        }


def list_runs(
    kaggle: Kaggle,
    ledger: Ledger,
    reporter: Reporter,
    *,
    kernel: KernelRef | None,
    statuses: Collection[Status] = (),
    limit: int | None = None,
) -> RunList:
    """List the runs of one kernel or of all, brought up to date where Kaggle can be reached."""
    _bring_up_to_date(kaggle, ledger, reporter)
    runs = tuple(ledger.runs(kaggle.service, None, kernel=kernel, statuses=statuses, limit=limit))
    return RunList(runs, kaggle.now(), single_lines(runs))


def list_groups(
    kaggle: Kaggle, ledger: Ledger, reporter: Reporter, *, kernel: KernelRef | None, limit: int
) -> RunList:
    """List runs as `list_runs` does, with the sessions of a group on one line of so many."""
    _bring_up_to_date(kaggle, ledger, reporter)
    runs = ledger.runs_of_lines(kaggle.service, kernel=kernel, limit=limit)
    return RunList(tuple(runs[:limit]), kaggle.now(), lines_of(runs))


def _bring_up_to_date(kaggle: Kaggle, ledger: Ledger, reporter: Reporter) -> None:
    try:
        reconcile(kaggle, ledger, reporter)
    except KitError as error:
        reporter.warn(f"{error.message} These are the runs as last seen.")


def with_results(listed: RunList, pulled_runs: PulledRuns, metric: str | None) -> RunList:
    """Return the list with what is here of the runs' results.

    Raises InvalidInput where none of them has the metric; None chooses one.
    """
    shown = [run for line in listed.lines for run in line.runs]
    pulled = {run.id: results for run in shown if (results := pulled_runs.of_record(run))}
    return replace(listed, pulled=pulled, metric=common_metric(list(pulled.values()), metric))
