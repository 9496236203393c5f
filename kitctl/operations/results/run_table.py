"""Pulled runs as a table of pandas, a row a run: settings, metrics at two epochs, hours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kitctl.domain.results.differences import differing_settings, value_text
from kitctl.domain.results.metrics import (
    NO_CURVES,
    best_value,
    epoch_at,
    finite_number,
    lower_is_better,
    preferred_metric,
)
from kitctl.errors import InvalidInput
from kitctl.operations.results.pulled_run import PulledRun

if TYPE_CHECKING:
    import pandas as pd

PUBLIC_SCORE = "public_score"
# metrics.json of the shipped job repeats these from the history, or they measure nothing.
_REPEATED = ("best_", "model_epoch")


def common_metric(runs: Sequence[PulledRun], choice: str | None) -> str | None:
    """Return the metric to compare the runs by: `choice`, else one that all of them have.

    Losses of different kinds are not compared, unless chosen. Raises InvalidInput where no run has
    the chosen one.
    """
    names = [_metric_names(run) for run in runs]
    if choice is not None:
        if not any(choice in each for each in names):
            known = list(dict.fromkeys(name for each in names for name in each))
            raise InvalidInput(
                f"No run has the metric {choice!r}.",
                code="no_metric",
                hint=f"They have: {', '.join(known[:20])}." if known else "They have none.",
            )
        return choice
    common = [name for name in names[0] if all(name in each for each in names)] if names else []
    if len({value_text(run.settings.get("loss")) for run in runs}) > 1:
        common = [name for name in common if not name.endswith("loss")] or common
    return preferred_metric(common)


def run_table(runs: Sequence[PulledRun], names: Sequence[str], metric: str | None) -> pd.DataFrame:
    """Return a row for each run, by its name in `names`.

    The columns: `run`, the settings that differ, `best_epoch` and `<m>_best` by the metric,
    `<m>_last` of each curve, the other numbers of metrics.json, the recall of each class,
    `public_score` of a competition, `epochs`, `hours` and `quota_hours`.
    """
    import pandas as pd

    differing = differing_settings([run.settings for run in runs])
    rows = [
        {
            "run": name,
            **{setting: value_text(values[place]) for setting, values in differing.items()},
            **_measured(run, metric),
        }
        for place, (name, run) in enumerate(zip(names, runs, strict=True))
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def sort_table(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the rows in the order of a column, the best metric first; empty cells come last.

    Raises InvalidInput where there is no such column.
    """
    if column not in table:
        raise InvalidInput(
            f"There is no column {column!r} to sort by.",
            code="no_column",
            hint=f"There are: {', '.join(map(str, table.columns))}.",
        )
    from pandas.api.types import is_numeric_dtype

    metric = column.removesuffix("_best").removesuffix("_last")
    ascending = (
        not is_numeric_dtype(table[column])
        or lower_is_better(metric)
        or metric in {"hours", "quota_hours"}
    )
    return table.sort_values(column, ascending=ascending, na_position="last", kind="stable")


def _metric_names(run: PulledRun) -> list[str]:
    history = run.summary.history.columns
    numbers = [
        name
        for name, value in run.summary.metrics.items()
        if finite_number(value) is not None and not name.startswith(_REPEATED)
    ]
    return [name for name in dict.fromkeys([*history, *numbers]) if name not in NO_CURVES]


def _measured(run: PulledRun, metric: str | None) -> Mapping[str, object]:
    curves, metrics = run.summary.history.columns, run.summary.metrics
    best = best_value(metric, curves, metrics) if metric else None
    at = _best_row(run, metric)
    values: dict[str, object] = {"best_epoch": best.epoch if best else None}
    shown = [name for name in curves if name not in NO_CURVES]
    for name in [name for name in shown if name.startswith("val_")] or shown:
        values[f"{name}_best"] = None if at is None else _cell(curves[name][at])
        values[f"{name}_last"] = _cell(curves[name][-1])
    for name in _metric_names(run):
        if name not in curves:
            values[name] = finite_number(metrics[name])
    for label, share in run.summary.recall.items():
        values[f"recall of {label}"] = finite_number(share)
    values[PUBLIC_SCORE] = _score(run)
    last = len(next(iter(curves.values()))) - 1 if curves else None
    values["epochs"] = None if last is None else epoch_at(last, curves)
    values["hours"] = _hours(run.seconds)
    values["quota_hours"] = _hours(run.accelerator_seconds)
    return values


def _score(run: PulledRun) -> float | str | None:
    """Return the score that its submission got, as a number where it is one."""
    score = run.public_score
    try:
        return float(score) if score else None
    except ValueError:
        return score


def _best_row(run: PulledRun, metric: str | None) -> int | None:
    """Return the row of the history at which the metric is best."""
    values = run.summary.history.columns.get(metric or "", [])
    finite = [value for value in values if math.isfinite(value)]
    if metric is None or not finite:
        return None
    return values.index(min(finite) if lower_is_better(metric) else max(finite))


def _cell(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 4)
