"""Pulled runs side by side, and which one is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kitctl.domain.results.comparison import (
    ComparedRun,
    Comparison,
    compare_runs,
    ranked,
)
from kitctl.domain.results.differences import differing_settings
from kitctl.operations.results.pulled_run import PulledRun, short_names
from kitctl.operations.results.run_table import PUBLIC_SCORE, common_metric, run_table, sort_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ComparedRuns:
    """Runs, their short names, the metric that decides, and a row of the table for each."""

    runs: tuple[PulledRun, ...]
    names: tuple[str, ...]
    metric: str | None
    table: pd.DataFrame
    comparison: Comparison

    @property
    def differing(self) -> Mapping[str, Sequence[object]]:
        """The settings that differ, with the value of each run."""
        return differing_settings([run.settings for run in self.runs])

    @property
    def ranked_names(self) -> Sequence[str]:
        """The names of the runs that have the metric, the best one first."""
        runs = _by_short_name(self.runs, self.names)
        return [run.name for run, _ in ranked(runs, self.metric or "")]

    def as_data(self) -> dict[str, Any]:
        better = dict(zip(self.names, self.runs, strict=True)).get(self.comparison.better or "")
        rows = self.table.to_dict("records")
        return {
            "runs": [self._row(run, row) for run, row in zip(self.runs, rows, strict=True)],
            "metric": self.metric,
            "differing": {
                name: dict(zip((run.name for run in self.runs), values, strict=True))
                for name, values in self.differing.items()
            },
            "better": better.name if better else None,
            "words": self.comparison.words,
        }

    def _row(self, run: PulledRun, values: Mapping[Any, Any]) -> dict[str, Any]:
        best = run.compared.best(self.metric) if self.metric else None
        others = {"run", "hours", "quota_hours", "best_epoch", PUBLIC_SCORE, *self.differing}
        return {
            "run": run.name,
            "folder": run.folder,
            "best_value": best.value if best else None,
            "best_epoch": best.epoch if best else None,
            "seconds": run.seconds,
            "accelerator_seconds": run.accelerator_seconds,
            "public_score": run.public_score,
            "verdict": run.verdict.get("verdict"),
            "metrics": {str(key): value for key, value in values.items() if key not in others},
        }


def compare_pulled(
    runs: Sequence[PulledRun], *, metric: str | None = None, sort: str | None = None
) -> ComparedRuns:
    """Compare runs by a metric, by default the validation loss or another one that all have.

    Raises InvalidInput for a metric or a column to sort by that no run has.
    """
    names = short_names(runs)
    decisive = common_metric(runs, metric)
    table = run_table(runs, names, decisive)
    if sort is not None:
        table = sort_table(table, sort)
    order = [int(place) for place in table.index]
    return ComparedRuns(
        tuple(runs[place] for place in order),
        tuple(names[place] for place in order),
        decisive,
        table,
        compare_runs(_by_short_name(runs, names), decisive),
    )


def _by_short_name(runs: Sequence[PulledRun], names: Sequence[str]) -> list[ComparedRun]:
    return [replace(run.compared, name=name) for run, name in zip(runs, names, strict=True)]
