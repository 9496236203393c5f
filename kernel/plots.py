"""Pictures of a run: learning curves, sheets of photos and mistakes, confusion, feature maps.

Every function draws on a `Figure` of its own (no pyplot, no window, no state between calls) and
writes one PNG whole or not at all.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from kernel.files import atomic_write

# The course's defaults. Its `autolayout` is here each figure's `layout="constrained"`, which
# does the same and also keeps room for colour bars and grids.
STYLE: dict[Any, Any] = {
    "axes.labelweight": "bold",
    "axes.labelsize": "large",
    "axes.titleweight": "bold",
    "axes.titlesize": 18,
    "axes.titlepad": 10,
    "image.cmap": "magma",
}
# Families that carry signs which matplotlib's own font lacks; those installed are used.
FALLBACK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Arial Unicode MS",
    "Noto Sans",
)
LONGEST_NAME = 22  # signs of a class name that fit over a photo
SHEET_COLUMNS = 5
MAPS_A_LAYER = 8
COUNTED_CLASSES = 30  # with more, the figures in the confusion matrix cannot be read
NAMED_CLASSES = 60  # with more, nor can the names beside it: only each n-th is written


@dataclass(frozen=True)
class Tile:
    """A picture of a sheet with its caption; `row` and `column` count from 0."""

    row: int
    column: int
    picture: NDArray[np.generic]
    caption: str
    colours: str | None = None  # a colour map; the course's if none


@contextmanager
def figure(
    path: Path | str, width: float, height: float, layout: str = "constrained"
) -> Iterator[Figure]:
    """Yield a figure of `width` by `height` inches in the course's style; then write it as PNG."""
    families, _ = _fonts()
    with rc_context({**STYLE, "font.family": families}):
        # matplotlib's stub does not know the layout "none".
        drawing = Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
        yield drawing
        with atomic_write(path) as temporary:
            drawing.savefig(temporary, dpi=100, format="png")


def curves(
    history: Mapping[str, Sequence[float]], folder: Path | str, zoom_from: int = 15
) -> list[Path]:
    """Draw each metric with its validation twin: over all epochs, and zoomed.

    `zoom_from` is the number of epochs left out of the zoom (the course's `.loc[15:]`); a run too
    short for that is zoomed on its second half. Returns the files written: `loss.png`,
    `accuracy.png`, `loss_zoom.png`, `accuracy_zoom.png`, and the like for other metrics.
    """
    written = []
    for metric in history:
        measures_the_model = f"val_{metric}" in history or metric.endswith(("loss", "accuracy"))
        if metric.startswith("val_") or not measures_the_model:
            continue  # drawn with its twin; or the seconds, the learning rate, …
        stem = "accuracy" if metric.endswith("accuracy") else metric
        epochs = len(history[metric])
        skipped = zoom_from if zoom_from < epochs else epochs // 2
        for name, first in ((stem, 0), (f"{stem}_zoom", skipped)):
            path = Path(folder) / f"{name}.png"
            _draw_curves(history, metric, first, path)
            written.append(path)
    return written


def photo_sheet(
    images: ArrayLike, labels: ArrayLike, class_names: Sequence[str], path: Path | str
) -> None:
    """Draw photos with their classes.

    `images` [n, height, width, channels] in 0…1 (or uint8) with 1, 3 or 4 channels; `labels` as
    Keras gives them for any label_mode.
    """
    captions = [printable(class_names[index]) for index in class_indices(labels)]
    _draw_sheet(np.asarray(images), captions, "Photos and their classes", path)


def mistakes_sheet(
    images: ArrayLike,
    labels: ArrayLike,
    probabilities: ArrayLike,
    class_names: Sequence[str],
    path: Path | str,
) -> None:
    """Draw photos that the model got wrong, the worst first (the least belief in the truth).

    `labels` and `probabilities` ([n], [n, 1] of the second class, or [n, classes]) are of all
    photos; `images` are those of the first of `mistakes`, as many as are to be drawn.
    """
    images, truth = np.asarray(images), class_indices(labels)
    belief = class_probabilities(probabilities)
    seen_as = belief.argmax(axis=1)
    wrong = mistakes(labels, probabilities)
    worst = wrong[: len(images)]
    captions = [
        f"{printable(class_names[truth[i]])}\n"
        f"seen as ({belief[i, seen_as[i]]:.0%})\n"
        f"{printable(class_names[seen_as[i]])}"
        for i in worst
    ]
    title = f"{len(wrong)} of {len(truth)} wrong, the worst first"
    if not len(wrong):
        title = f"No mistakes in {len(truth)} photos"
    _draw_sheet(images, captions, title, path)


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, class_names: Sequence[str], path: Path | str
) -> None:
    """Draw how many photos of each class (rows) were taken for which class (columns).

    `predictions` are class indices or probabilities. Colours are shares of the row, so that a
    small class reads as well as a large one.
    """
    classes = len(class_names)
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (class_indices(labels), class_indices(predictions)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(5.5, 2.5 + 0.5 * classes), 20)
    with figure(path, side + 1, side) as drawing:
        axes = drawing.add_subplot()
        image = axes.imshow(shares, vmin=0, vmax=1)
        drawing.colorbar(image, ax=axes, label="share of the class", shrink=0.8)
        names = [printable(name) for name in class_names]
        every = math.ceil(classes / NAMED_CLASSES)
        ticks = range(0, classes, every)
        axes.set_xticks(ticks, names[::every], rotation=90 if classes > 4 else 0)
        axes.set_yticks(ticks, names[::every])
        axes.set(xlabel="seen as", ylabel="is", title="Confusion matrix")
        if classes <= COUNTED_CLASSES:
            for row, column in np.ndindex(classes, classes):
                colour = "black" if shares[row, column] > 0.6 else "white"
                axes.text(
                    column, row, str(counts[row, column]), color=colour, ha="center", va="center"
                )


def feature_maps(
    layer_outputs: Mapping[str, ArrayLike], photo: ArrayLike, path: Path | str
) -> None:
    """Draw what the base sees in `photo`: a row a layer, its most varied maps first.

    `layer_outputs` holds, in order, [height, width, channels] or [1, height, width, channels] for
    each layer; outputs of another shape have no maps to draw and are left out.
    """
    photo = _shown(np.asarray(photo))
    tiles = [Tile(0, 0, photo, "the photo", "gray")]
    row = 0
    for name, output in layer_outputs.items():
        maps = np.asarray(output, dtype=np.float32)
        maps = maps[0] if maps.ndim == 4 else maps
        if maps.ndim != 3:
            continue
        # The most varied first: many channels are silent on any one photo.
        order = np.argsort(-np.nan_to_num(maps.std(axis=(0, 1))), kind="stable")[:MAPS_A_LAYER]
        caption = f"{printable(name)}, {' x '.join(map(str, maps.shape))}"
        for column, channel in enumerate(order):
            tiles.append(Tile(row, column + 1, maps[:, :, channel], "" if column else caption))
        row += 1
    _draw_tiles(tiles, 1.4, 0.3, "What the base sees", path)


def mistakes(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.int64]:
    """Where the model is wrong, the least belief in the truth first."""
    truth, belief = class_indices(labels), class_probabilities(probabilities)
    wrong = np.flatnonzero(belief.argmax(axis=1) != truth)
    return wrong[np.argsort(belief[wrong, truth[wrong]], kind="stable")]


def class_indices(labels: ArrayLike) -> NDArray[np.int64]:
    """Class indices [n] from Keras' labels: int [n], binary [n, 1] or categorical [n, classes]."""
    values = np.asarray(labels)
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1)
    return np.rint(np.nan_to_num(values.reshape(-1))).astype(np.int64)


def class_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Probabilities [n, classes]; a single output is that of the second of two classes."""
    values = np.nan_to_num(np.asarray(probabilities, dtype=np.float64))
    if values.ndim == 2 and values.shape[1] > 1:
        return values
    second = values.reshape(-1)
    return np.stack([1 - second, second], axis=1)


def printable(text: str) -> str:
    """`text` as a picture can hold it: short, no markup, signs without a glyph spelled out."""
    _, glyphs = _fonts()
    short = text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
    spelled = "".join(
        sign if ord(sign) in glyphs else sign.encode("ascii", "backslashreplace").decode()
        for sign in short
    )
    return spelled.replace("$", r"\$")


@cache
def _fonts() -> tuple[list[str], frozenset[int]]:
    """The font families in use, and the code points for which both weights have a glyph."""
    installed = {font.name for font in fontManager.ttflist}
    families = ["DejaVu Sans", *(name for name in FALLBACK_FAMILIES if name in installed)]
    coverage = []
    for weight in ("normal", "bold"):
        files = [findfont(FontProperties(family=name, weight=weight)) for name in families]
        coverage.append(frozenset().union(*(get_font(file).get_charmap() for file in files)))
    return families, coverage[0] & coverage[1]


def _draw_curves(
    history: Mapping[str, Sequence[float]], metric: str, first: int, path: Path
) -> None:
    with figure(path, 7.2, 4.8) as drawing:
        axes = drawing.add_subplot()
        last = len(history[metric])
        for name in (metric, f"val_{metric}"):
            values = np.asarray(history.get(name, []), dtype=float)[first:]
            values[~np.isfinite(values)] = np.nan  # a gap in the line
            axes.plot(range(first + 1, first + 1 + len(values)), values, label=name, marker=".")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(first + 0.5, last + 0.5)
        title = metric.replace("_", " ")
        axes.set(xlabel="epoch", title=title + (f", from epoch {first + 1}" if first else ""))
        axes.grid(alpha=0.3)
        axes.legend()


def _draw_sheet(
    images: NDArray[np.generic], captions: Sequence[str], title: str, path: Path | str
) -> None:
    tiles = [
        Tile(*divmod(index, SHEET_COLUMNS), _shown(photo), caption, "gray")
        for index, (photo, caption) in enumerate(zip(images, captions, strict=True))
    ]
    _draw_tiles(tiles, 2.0, 0.6, title, path)


def _draw_tiles(
    tiles: Sequence[Tile], width: float, caption_height: float, title: str, path: Path | str
) -> None:
    """Draw pictures of `width` inches in rows, each under its caption.

    All are put on one pair of axes, measured in inches: axes for each picture, as a grid of
    sub-plots has them, take twenty times as long to lay out.
    """
    gap, title_height = 0.1, 0.6
    rows = 1 + max((tile.row for tile in tiles), default=-1)
    columns = 1 + max([SHEET_COLUMNS - 1, *(tile.column for tile in tiles)])
    shapes = [tile.picture.shape for tile in tiles]
    height = width * max((shape[0] / shape[1] for shape in shapes), default=1)
    across = gap + columns * (width + gap)
    down = title_height + rows * (caption_height + height) + gap
    with figure(path, across, down, layout="none") as drawing:
        axes = drawing.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, across), ylim=(down, 0))
        axes.axis("off")
        axes.text(across / 2, 0.35, title, fontsize=18, fontweight="bold", ha="center", va="center")
        for tile in tiles:
            left = gap + tile.column * (width + gap)
            top = title_height + caption_height + tile.row * (caption_height + height)
            high = width * tile.picture.shape[0] / tile.picture.shape[1]
            limits = (0, 1) if tile.colours else (None, None)
            axes.imshow(
                tile.picture,
                extent=(left, left + width, top + high, top),
                cmap=tile.colours,
                vmin=limits[0],
                vmax=limits[1],
            )
            axes.text(left, top - 0.05, tile.caption, fontsize=9, fontweight="bold", va="bottom")


def _shown(photo: NDArray[Any]) -> NDArray[np.generic]:
    """A photo [height, width(, channels)], uint8 or 0…1, as `imshow` takes it."""
    photo = photo / 255 if photo.dtype == np.uint8 else np.clip(np.nan_to_num(photo), 0, 1)
    return photo[:, :, 0] if photo.ndim == 3 and photo.shape[-1] == 1 else photo
