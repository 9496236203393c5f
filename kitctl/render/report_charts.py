"""The charts of a page: curves with their epochs, the best epoch and guessing marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kitctl.domain.results.metrics import NO_CURVES, epoch_at
from kitctl.operations.report import ReportedRun
from kitctl.operations.results.compared_runs import ComparedRuns

MAX_CHARTS = 12
MAX_NUMBERS = 250_000
"""Of all charts of a page, which is to stay below 3 MB."""

Chart = dict[str, Any]


def thin_out(charts: Mapping[str, Sequence[Chart]]) -> dict[str, list[Chart]]:
    """Return the charts of a page, with fewer epochs where it would be too large otherwise."""
    numbers = sum(
        len(one["epochs"]) * (1 + len(one["series"])) for each in charts.values() for one in each
    )
    step = math.ceil(numbers / MAX_NUMBERS)
    return {
        key: [_with_every(step, chart) if step > 1 else chart for chart in each]
        for key, each in charts.items()
    }


def _with_every(step: int, chart: Chart) -> Chart:
    """Return a chart with each `step`th epoch, the last one and the marked ones."""
    epochs = chart["epochs"]
    marked = {mark["epoch"] for mark in chart["marks"]}
    places = [
        place
        for place, epoch in enumerate(epochs)
        if place % step == 0 or place == len(epochs) - 1 or epoch in marked
    ]
    return {
        **chart,
        "title": f"{chart['title']} (every {step} epochs)",
        "epochs": [epochs[place] for place in places],
        "series": [
            {**series, "values": [series["values"][place] for place in places]}
            for series in chart["series"]
        ],
    }


def run_charts(run: ReportedRun) -> list[Chart]:
    """Return a chart for each metric, training and validation together."""
    curves = run.run.summary.history.columns
    return [
        _chart(
            metric,
            {
                part: (_epochs(curves), curves[column])
                for column, part in ((metric, "training"), (f"val_{metric}", "validation"))
                if column in curves
            },
            marks=_marks(run, metric),
            levels=_levels(run, metric),
        )
        for metric in _metrics([curves])
    ]


def compared_charts(compared: ComparedRuns) -> list[Chart]:
    """Return a chart for each validation metric, or metric without one, with a curve a run."""
    columns = {
        name: run.summary.history.columns
        for name, run in zip(compared.names, compared.runs, strict=True)
    }
    charts = []
    for metric in _metrics(list(columns.values())):
        has_validation = any(f"val_{metric}" in curves for curves in columns.values())
        column = f"val_{metric}" if has_validation else metric
        series = {
            name: (_epochs(curves), curves[column])
            for name, curves in columns.items()
            if column in curves
        }
        charts.append(_chart(column, series, marks=[], levels=[]))
    return charts


def _metrics(histories: Sequence[Mapping[str, Sequence[float]]]) -> list[str]:
    names = dict.fromkeys(
        name.removeprefix("val_")
        for curves in histories
        for name in curves
        if name not in NO_CURVES
    )
    return list(names)[:MAX_CHARTS]


def _chart(
    metric: str,
    series: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    marks: list[dict[str, Any]],
    levels: list[dict[str, Any]],
) -> Chart:
    epochs = sorted({epoch for at, _ in series.values() for epoch in at})
    by_epoch = {label: dict(zip(at, values, strict=True)) for label, (at, values) in series.items()}
    return {
        "title": metric.replace("_", " "),
        "epochs": epochs,
        "series": [
            {"label": label, "values": [_finite(values.get(epoch)) for epoch in epochs]}
            for label, values in by_epoch.items()
        ],
        "marks": marks,
        "levels": levels,
    }


def _epochs(curves: Mapping[str, Sequence[float]]) -> list[int]:
    rows = max(map(len, curves.values()), default=0)
    return [epoch_at(row, curves) for row in range(rows)]


def _marks(run: ReportedRun, metric: str) -> list[dict[str, Any]]:
    """Return the best epoch: that of the validation loss, whose weights the job saves."""
    curves = run.run.summary.history.columns
    decisive = "val_loss" if "val_loss" in curves else f"val_{metric}"
    best = run.run.compared.best(decisive if decisive in curves else metric)
    return [{"epoch": best.epoch, "label": "best epoch"}] if best and best.epoch else []


def _levels(run: ReportedRun, metric: str) -> list[dict[str, Any]]:
    """Return what guessing reaches: its loss by run.json, or the share of the largest class."""
    chance = run.run.compared.number("chance") if metric == "loss" else None
    if metric.endswith("accuracy"):
        table = run.predictions
        largest = max((table.true_count(name) for name in table.classes), default=0)
        chance = largest / table.total if table.total else None
    return [] if chance is None else [{"value": chance, "label": "guessing"}]


def _finite(value: float | None) -> float | None:
    """Return a number as the page shows it, or None."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
