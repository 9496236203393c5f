"""The curves of several runs on one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.domain.results.metrics import NO_CURVES, epoch_at
from kitctl.domain.runs.counts import counted
from kitctl.errors import InvalidInput
from kitctl.files import replace_users_file
from kitctl.operations.results.compared_runs import ComparedRuns
from kitctl.render.safe_text import safe_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 4
# Distinct for colour-blind readers as well (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
GREY = "#C4C4C4"
LINES = "— validation  -- training  ● best epoch"


def plot_curves(compared: ComparedRuns, path: Path) -> None:
    """Draw a panel for each metric, the one that decides first; a run has one colour in all.

    Validation is a whole line with its best epoch marked, training a dashed one. Where there are
    more runs than colours, the best ones have them, and the others are grey. Raises InvalidInput
    where no run has a history, or the file cannot be written.
    """
    panels = _panels(compared)
    if not panels:
        raise InvalidInput(
            "None of the runs left a history.csv with curves to draw.", code="no_history"
        )
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.4 + 3.6 * len(panels)), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    colours = _colours(compared)
    for axes, metric in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        _draw_panel(axes, compared, metric, colours)
    with replace_users_file(path) as part:
        figure.savefig(part, format="png")


def _panels(compared: ComparedRuns) -> Sequence[str]:
    names = dict.fromkeys(
        name.removeprefix("val_")
        for run in compared.runs
        for name in run.summary.history.columns
        if name not in NO_CURVES
    )
    decisive = (compared.metric or "").removeprefix("val_")
    return sorted(names, key=lambda name: name != decisive)[:MOST_PANELS]


def _colours(compared: ComparedRuns) -> Mapping[str, str]:
    """Return the colours of the best runs by their names, in the order of the runs."""
    best_first = dict.fromkeys([*compared.ranked_names, *compared.names])
    chosen = list(best_first)[: len(COLOURS)]
    in_order = [name for name in compared.names if name in chosen]
    return dict(zip(in_order, COLOURS, strict=False))


def _draw_panel(
    axes: Axes, compared: ComparedRuns, metric: str, colours: Mapping[str, str]
) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.ticker import MaxNLocator

    others: list[list[tuple[int, float]]] = []
    for name, run in zip(compared.names, compared.runs, strict=True):
        curves, colour = run.summary.history.columns, colours.get(name)
        # matplotlib leaves labels out that begin with "_", and reads "$" as mathematics.
        label = " " + safe_text(name).replace("$", r"\$")
        columns = [column for column in (f"val_{metric}", metric) if curves.get(column)]
        if colour is None:
            others += [_points(curves, column) for column in columns[:1]]
            continue
        for column in columns:
            style = "-" if column.startswith("val_") else "--"
            axes.plot(*zip(*_points(curves, column), strict=True), style, color=colour, label=label)
            label = ""
        best = run.compared.best(columns[0]) if columns else None
        if best and best.epoch:
            axes.plot([best.epoch], [best.value], "o", color=colour, markersize=6)
    if others:
        grey = LineCollection(others, colors=GREY, linewidths=0.8, zorder=1)
        grey.set_label(counted(len(others), "other run"))
        axes.add_collection(grey)
        axes.autoscale_view()
    axes.set(title=metric.replace("_", " "), xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(
        fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1), title=LINES, title_fontsize=7
    )


def _points(curves: Mapping[str, Sequence[float]], column: str) -> list[tuple[int, float]]:
    return [(epoch_at(row, curves), value) for row, value in enumerate(curves[column])]
