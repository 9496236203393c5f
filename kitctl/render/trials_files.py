"""The files of a sweep by trials: its table, and a picture of the metric by each parameter."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.domain.results.differences import value_text
from kitctl.domain.runs.search_space import Choice, varies
from kitctl.domain.runs.trials import Trial, TrialState, is_better
from kitctl.files import replace_users_file
from kitctl.render.safe_text import safe_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kitctl.operations.trials.sweep_result import TrialsResult, TriedValues

COLUMNS = 3
MOST_PANELS = 9
MOST_LABELS = 8
# Distinct for colour-blind readers as well (Okabe and Ito).
_COMPLETE, _PRUNED, _BEST = "#0072B2", "#E69F00", "#D55E00"


def write_trials(result: TrialsResult, path: Path) -> None:
    """Write the trials as CSV, a row each, in the order of their numbers."""
    facts = (
        *("state", "value", "best_epoch", "epochs", "run", "running_seconds"),
        *("given_back_seconds", "reason"),
    )
    with replace_users_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["trial", *result.space, *facts])
        for each in result.tried:
            data = each.as_data()
            settings = [value_text(each.settings[name]) for name in result.space]
            table.writerow([each.trial.number, *settings, *(_cell(data[name]) for name in facts)])


def plot_trials(result: TrialsResult, path: Path) -> bool:
    """Draw the metric by trial and by each parameter; return False where no trial has a value."""
    shown = [each for each in result.tried if _has_height(each.trial)]
    if not shown:
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    varied = [name for name, each in result.space.items() if varies(each)][: MOST_PANELS - 1]
    rows = math.ceil((1 + len(varied)) / COLUMNS)
    columns = min(COLUMNS, 1 + len(varied))
    figure = Figure(figsize=(4.2 * columns, 0.5 + 3.3 * rows), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    _draw_course(panels[0], result, shown)
    for axes, name in zip(panels[1:], varied, strict=False):
        _draw_parameter(axes, result, shown, name)
    for axes in panels[1 + len(varied) :]:
        axes.set_visible(False)
    with replace_users_file(path) as part:
        figure.savefig(part, format="png")
    return True


def _draw_course(axes: Axes, result: TrialsResult, shown: list[TriedValues]) -> None:
    """Draw each trial's value and the best one so far."""
    from matplotlib.ticker import MaxNLocator

    _draw_points(axes, result, shown, [each.trial.number for each in shown])
    best: list[tuple[int, float]] = []
    for each in shown:
        value = each.trial.value
        if value is not None and (not best or is_better(value, best[-1][1], result.mode)):
            best.append((each.trial.number, value))
    if best:
        best.append((shown[-1].trial.number, best[-1][1]))
        numbers, values = zip(*best, strict=True)
        axes.step(numbers, values, where="post", color=_BEST, linewidth=1.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="trial (line: the best so far)", ylabel=_plain(result.metric))
    axes.legend(fontsize=8)


def _draw_parameter(axes: Axes, result: TrialsResult, shown: list[TriedValues], name: str) -> None:
    parameter = result.space[name]
    if isinstance(parameter, Choice):
        texts = parameter.texts_in_order
        _draw_points(
            axes, result, shown, [texts.index(str(each.trial.values[name])) for each in shown]
        )
        step = math.ceil(len(texts) / MOST_LABELS)
        labels = [_plain(text)[:16] for text in texts[::step]]
        axes.set_xticks(range(0, len(texts), step), labels)
        axes.set_xlim(-0.5, len(texts) - 0.5)
    else:
        _draw_points(axes, result, shown, [float(each.trial.values[name]) for each in shown])
        if parameter.is_log:
            axes.set_xscale("log")
    axes.set(xlabel=_plain(name))


def _draw_points(
    axes: Axes, result: TrialsResult, shown: list[TriedValues], places: Sequence[float]
) -> None:
    for state, colour, marker in (
        (TrialState.COMPLETE, _COMPLETE, "o"),
        (TrialState.PRUNED, _PRUNED, "x"),
    ):
        points = [
            (place, _height(each, result.mode))
            for place, each in zip(places, shown, strict=True)
            if each.trial.state is state
        ]
        if points:
            across, up = zip(*points, strict=True)
            label = f"{state} ({len(points)})"
            axes.plot(across, up, marker, color=colour, label=label, markersize=6)
    for place, each in zip(places, shown, strict=True):
        if result.best is not None and each.trial.number == result.best.trial.number:
            height = _height(each, result.mode)
            axes.plot([place], [height], "*", color=_BEST, label="best", markersize=14, zorder=3)
    axes.grid(alpha=0.3)


def _has_height(trial: Trial) -> bool:
    return trial.value is not None or (trial.state is TrialState.PRUNED and bool(trial.curve))


def _height(each: TriedValues, mode: str) -> float:
    """Return where a trial is drawn: at its value or, of one that was stopped, its best so far."""
    trial = each.trial
    if trial.value is not None:
        return trial.value
    return (min if mode == "min" else max)(trial.curve.values())


def _plain(text: str) -> str:
    """Return a text that matplotlib does not take for a formula."""
    return safe_text(text).replace("$", r"\$")


def _cell(value: object) -> object:
    text = "" if value is None else value
    is_formula = isinstance(text, str) and text.startswith(("=", "+", "@", "\t", "\r"))
    return f"'{text}" if is_formula else text
