"""The curves of several runs on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.domain.results.metrics import NO_CURVES, epoch_at
from kitctl.errors import InvalidInput
from kitctl.files import replace_users_file
from kitctl.operations.results.compared_runs import ComparedRuns
from kitctl.render.safe_text import safe_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 4
# Distinct for colour-blind readers as well (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")


def plot_curves(compared: ComparedRuns, path: Path) -> None:
    """Draw a panel for each metric, the one that decides first; a run has one colour in all.

    Validation is a whole line with its best epoch marked, training a dashed one. Raises
    InvalidInput where no run has a history, or the file cannot be written.
    """
    panels = _panels(compared)
    if not panels:
        raise InvalidInput(
            "None of the runs left a history.csv with curves to draw.", code="no_history"
        )
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.4 + 3.6 * len(panels)), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    for axes, metric in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        _draw_panel(axes, compared, metric)
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


def _draw_panel(axes: Axes, compared: ComparedRuns, metric: str) -> None:
    for place, (name, run) in enumerate(zip(compared.names, compared.runs, strict=True)):
        curves, colour = run.summary.history.columns, COLOURS[place % len(COLOURS)]
        label = safe_text(name).replace("$", r"\$")
        for column, style in ((f"val_{metric}", "-"), (metric, "--")):
            values = curves.get(column)
            if not values:
                continue
            epochs = [epoch_at(row, curves) for row in range(len(values))]
            part = "validation" if column.startswith("val_") else "training"
            axes.plot(epochs, values, style, color=colour, label=f"{label}, {part}", linewidth=1.6)
        best = run.compared.best(f"val_{metric}" if f"val_{metric}" in curves else metric)
        if best and best.epoch:
            axes.plot([best.epoch], [best.value], "o", color=colour, markersize=6)
    axes.set(title=f"{metric.replace('_', ' ')} (dots: best epochs)", xlabel="epoch")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
