"""The result of `kitctl predict` on the screen, and as a table for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.operations.predict import PhotoPrediction, Predictions
from kitctl.render.lines import draw_sentence
from kitctl.render.run_csv import write_runs
from kitctl.render.tables import Column, draw_table

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 1000


def draw_predictions(result: Predictions, console: Console) -> None:
    photos = result.predictions[:SHOWN]
    if photos:
        columns = [Column("photo", [_shortened(photo.path) for photo in photos], "left")]
        most = min(result.top, max(len(photo.ranked) for photo in photos))
        for place in range(most):
            heading = "class" if place == 0 else f"or {place + 1}"
            columns.append(Column(heading, [_label(photo, place) for photo in photos], "left"))
            columns.append(Column("probability", [_share(photo, place) for photo in photos]))
        draw_table(columns, console, whole="--csv FILE has all")
    if (more := len(result.predictions) - SHOWN) > 0:
        console.print(f"… and {more:,} more; --csv FILE has all")
    for photo in result.unreadable[:SHOWN]:
        draw_sentence("not read", f"{photo.path}: {photo.reason}", console)


def write_predictions(result: Predictions, path: Path) -> None:
    """Write path, label and probability of each photo, and those of the next classes, as CSV."""
    import pandas as pd

    rows = []
    for photo in result.predictions:
        row: dict[str, object] = {"path": photo.path}
        for place, (label, share) in enumerate(photo.ranked[: result.top], 1):
            suffix = "" if place == 1 else f"_{place}"
            row |= {f"label{suffix}": label, f"probability{suffix}": share}
        rows.append(row)
    columns = None if rows else ["path", "label", "probability"]
    write_runs(pd.DataFrame(rows, columns=columns), path)


def _label(photo: PhotoPrediction, place: int) -> str:
    return photo.ranked[place][0] if place < len(photo.ranked) else ""


def _share(photo: PhotoPrediction, place: int) -> str:
    return f"{photo.ranked[place][1]:.1%}" if place < len(photo.ranked) else ""


def _shortened(path: str) -> str:
    """Return the end of a long path, which tells photos apart."""
    return path if len(path) <= 44 else f"…{path[-43:]}"
