"""Charts of a run: its learning curves and its confusion matrix."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from kernel.plots import figure, printable
from kernel.report.predictions import class_indices

if TYPE_CHECKING:
    from pandas import DataFrame

COUNTED_CLASSES = 30  # with more, the numbers in the confusion matrix are too small to read
NAMED_CLASSES = 60  # with more, so are the names beside it: only every n-th is written


@dataclass(frozen=True)
class Marks:
    """What is marked in the curves: the run, its best epoch, and what guessing reaches.

    `guessing` holds a value for "loss", and one for metrics that end in "accuracy".
    """

    run: str = ""
    best_epoch: int | None = None
    guessing: Mapping[str, float] = field(default_factory=dict)

    def level(self, metric: str) -> float | None:
        return self.guessing.get("accuracy" if metric.endswith("accuracy") else metric)


def curves(
    history: Mapping[str, Sequence[float]],
    folder: Path | str,
    zoom_from: int = 15,
    marks: Marks | None = None,
) -> list[Path]:
    """Draw each metric together with its validation metric: over all epochs, and zoomed in.

    `zoom_from` is the number of epochs that the zoom leaves out (the course's `.loc[15:]`); a run
    too short for that is zoomed to its second half. Returns the files: `loss.png`,
    `accuracy.png`, `loss_zoom.png`, `accuracy_zoom.png`, and the like for other metrics.
    """
    import pandas as pd

    epochs = max(map(len, history.values()), default=0)
    table = pd.DataFrame(history, index=range(1, epochs + 1), dtype=float)
    table = table.replace([np.inf, -np.inf], np.nan)  # a gap in the line
    skipped = zoom_from if zoom_from < epochs else epochs // 2
    paths = []
    for metric in table:
        measures_the_model = f"val_{metric}" in table or metric.endswith(("loss", "accuracy"))
        if metric.startswith("val_") or not measures_the_model:
            continue  # drawn with its training metric; or not of the model, like the seconds
        both = table.loc[:, table.columns.isin([metric, f"val_{metric}"])]
        stem = "accuracy" if metric.endswith("accuracy") else metric
        title = metric.replace("_", " ")
        paths += [Path(folder) / f"{stem}.png", Path(folder) / f"{stem}_zoom.png"]
        marked = marks or Marks()
        _draw_curves(both, title, paths[-2], marked)
        zoomed_title = f"{title}, from epoch {skipped + 1}" if skipped else title
        _draw_curves(both.loc[skipped + 1 :], zoomed_title, paths[-1], marked)
    return paths


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, class_names: Sequence[str], path: Path | str
) -> None:
    """Draw how many photos of each true class (rows) got which predicted class (columns).

    `predictions` are class indices or probabilities. Colours are shares of the row, so that a
    small class is as readable as a large one.
    """
    classes = len(class_names)
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (class_indices(labels), class_indices(predictions)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(5.5, 2.5 + 0.5 * classes), 20)
    with figure(path, side + 1, side) as drawing:
        axes = drawing.add_subplot()
        image = axes.imshow(shares, vmin=0, vmax=1)
        drawing.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
        names = [printable(name) for name in class_names]
        every = math.ceil(classes / NAMED_CLASSES)
        ticks = range(0, classes, every)
        axes.set_xticks(ticks, names[::every], rotation=90 if classes > 4 else 0)
        axes.set_yticks(ticks, names[::every])
        axes.set(xlabel="predicted label", ylabel="true label", title="Confusion matrix")
        if classes <= COUNTED_CLASSES:
            for row, column in np.ndindex(classes, classes):
                colour = "black" if shares[row, column] > 0.6 else "white"
                count = str(counts[row, column])
                axes.text(column, row, count, color=colour, ha="center", va="center")


def _draw_curves(table: "DataFrame", title: str, path: Path, marks: Marks) -> None:
    """Draw a line for each column over the epochs in the index, and the marks that are in them."""
    with figure(path, 7.2, 4.8) as drawing:
        axes = drawing.add_subplot()
        # Not `table.plot()`, which would choose pyplot's backend, on a desktop one with windows.
        axes.plot(table.index, table, label=list(table), marker=".")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if len(table):
            axes.set_xlim(table.index[0] - 0.5, table.index[-1] + 0.5)
        best = marks.best_epoch
        if best is not None and best in table.index:
            label = f"best epoch, {best}"
            axes.axvline(best, color="green", linestyle=":", label=label)
        guessing = marks.level(str(table.columns[0]))
        # Where the curves are far from it, it would only press them flat.
        if (
            guessing is not None
            and len(table)
            and table.min(axis=None) <= guessing <= table.max(axis=None)
        ):
            axes.axhline(guessing, color="gray", linestyle="--", label=f"guessing, {guessing:.3f}")
        axes.set(xlabel="epoch", title=title)
        if marks.run:
            axes.set_title(f"{title}\n", loc="center")
            axes.text(
                0.5, 1.02, marks.run, transform=axes.transAxes, ha="center", va="bottom", fontsize=9
            )
        axes.grid(alpha=0.3)
        axes.legend()
