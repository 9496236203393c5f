"""Sheets of pictures: photos with their classes, mistakes, and feature maps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernel.plots import figure, printable
from kernel.report.predictions import class_indices, class_probabilities, mistake_indices

COLUMNS = 5
MAPS_PER_LAYER = 8


@dataclass(frozen=True)
class Tile:
    """A picture of a sheet with its caption; `row` and `column` count from 0."""

    row: int
    column: int
    picture: NDArray[np.generic]
    caption: str
    colour_map: str | None = None  # the style's own if None


def photo_sheet(
    images: ArrayLike, labels: ArrayLike, class_names: Sequence[str], path: Path | str
) -> None:
    """Draw photos with their classes.

    `images` [n, height, width, channels] in 0…1 (or uint8) with 1, 3 or 4 channels; `labels` as
    Keras returns them for any label_mode.
    """
    captions = [printable(class_names[index]) for index in class_indices(labels)]
    _draw_sheet(np.asarray(images), captions, "Photos and their classes", path)


def mistakes_sheet(
    images: ArrayLike,
    labels: ArrayLike,
    probabilities: ArrayLike,
    class_names: Sequence[str],
    path: Path | str,
    names: Sequence[str] = (),
) -> None:
    """Draw photos that the model got wrong, the lowest probability of the true class first.

    `labels` and `probabilities` ([n], [n, 1] of the second class, or [n, classes]) are of all
    photos, as are the `names` of their files, if given; `images` are those of the first of
    `mistake_indices`, as many as are to be drawn.
    """
    images, true = np.asarray(images), class_indices(labels)
    probabilities = class_probabilities(probabilities)
    predicted = probabilities.argmax(axis=1)
    wrong = mistake_indices(labels, probabilities)
    captions = [
        (f"{printable(names[i].rpartition('/')[2])}\n" if names else "")
        + f"true {printable(class_names[true[i]])}\n"
        f"predicted {printable(class_names[predicted[i]])} {probabilities[i, predicted[i]]:.0%}"
        for i in wrong[: len(images)]
    ]
    title = f"{len(wrong)} of {len(true)} wrong, the worst first"
    if not len(wrong):
        title = f"No mistakes in {len(true)} photos"
    _draw_sheet(images, captions, title, path)


def feature_maps(
    layer_outputs: Mapping[str, ArrayLike], photo: ArrayLike, path: Path | str
) -> None:
    """Draw the outputs of the base's layers for `photo`: a row per layer, most varied maps first.

    `layer_outputs` holds, in order, [height, width, channels] or [1, height, width, channels] for
    each layer; outputs of another shape are no maps and are left out.
    """
    photo = _displayable(np.asarray(photo))
    tiles = [Tile(0, 0, photo, "the photo", "gray")]
    row = 0
    for name, output in layer_outputs.items():
        maps = np.asarray(output, dtype=np.float32)
        maps = maps[0] if maps.ndim == 4 else maps
        if maps.ndim != 3:
            continue
        # The most varied first: on any one photo many channels are zero everywhere.
        order = np.argsort(-np.nan_to_num(maps.std(axis=(0, 1))), kind="stable")
        order = _distinct(maps, order)[:MAPS_PER_LAYER]
        caption = f"{printable(name)}, {' x '.join(map(str, maps.shape))}"
        for column, channel in enumerate(order):
            tiles.append(Tile(row, column + 1, maps[:, :, channel], "" if column else caption))
        row += 1
    _draw_tiles(tiles, 1.4, 0.3, "Feature maps of the base", path)


def flat_output(name: str, output: ArrayLike, photo: ArrayLike, path: Path | str) -> None:
    """Draw what an opaque base computes for `photo`: its numbers [n] or [1, n] as one picture."""
    values = np.nan_to_num(np.asarray(output, dtype=np.float32)).reshape(-1)
    side = math.ceil(math.sqrt(len(values)))
    square = np.full(side * side, values.min(), np.float32)
    square[: len(values)] = values
    tiles = [
        Tile(0, 0, _displayable(np.asarray(photo)), "the photo", "gray"),
        Tile(0, 1, square.reshape(side, side), f"{printable(name)}, {len(values)} values"),
    ]
    _draw_tiles(tiles, 2.4, 0.3, "Output of the base", path)


def _distinct(maps: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the channels in this order without those that equal an earlier one."""
    seen: set[bytes] = set()
    kept = []
    for channel in order:
        content = maps[:, :, channel].tobytes()
        if content not in seen:
            seen.add(content)
            kept.append(channel)
    return np.array(kept, dtype=np.int64)


def _draw_sheet(
    images: NDArray[np.generic], captions: Sequence[str], title: str, path: Path | str
) -> None:
    tiles = [
        Tile(*divmod(index, COLUMNS), _displayable(photo), caption, "gray")
        for index, (photo, caption) in enumerate(zip(images, captions, strict=True))
    ]
    lines = 1 + max((caption.count("\n") for caption in captions), default=0)
    _draw_tiles(tiles, 2.0, 0.1 + 0.2 * lines, title, path)


def _draw_tiles(
    tiles: Sequence[Tile], width: float, caption_height: float, title: str, path: Path | str
) -> None:
    """Draw pictures of `width` inches in rows, each under its caption.

    All are put on one pair of axes, measured in inches: separate axes for each picture, as in a
    grid of sub-plots, take twenty times as long to lay out.
    """
    gap, title_height = 0.1, 0.6
    rows = 1 + max((tile.row for tile in tiles), default=-1)
    columns = 1 + max([COLUMNS - 1, *(tile.column for tile in tiles)])
    shapes = [tile.picture.shape for tile in tiles]
    height = width * max((shape[0] / shape[1] for shape in shapes), default=1)
    sheet_width = gap + columns * (width + gap)
    sheet_height = title_height + rows * (caption_height + height) + gap
    with figure(path, sheet_width, sheet_height, layout="none") as drawing:
        axes = drawing.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, sheet_width), ylim=(sheet_height, 0))
        axes.axis("off")
        middle = sheet_width / 2
        axes.text(middle, 0.35, title, fontsize=18, fontweight="bold", ha="center", va="center")
        for tile in tiles:
            left = gap + tile.column * (width + gap)
            top = title_height + caption_height + tile.row * (caption_height + height)
            bottom = top + width * tile.picture.shape[0] / tile.picture.shape[1]
            limits = (0, 1) if tile.colour_map else (None, None)
            axes.imshow(
                tile.picture,
                extent=(left, left + width, bottom, top),
                cmap=tile.colour_map,
                vmin=limits[0],
                vmax=limits[1],
            )
            axes.text(left, top - 0.05, tile.caption, fontsize=9, fontweight="bold", va="bottom")


def _displayable(photo: NDArray[Any]) -> NDArray[np.generic]:
    """Return a photo [height, width(, channels)], uint8 or 0…1, as `imshow` takes it."""
    photo = photo / 255 if photo.dtype == np.uint8 else np.clip(np.nan_to_num(photo), 0, 1)
    return photo[:, :, 0] if photo.ndim == 3 and photo.shape[-1] == 1 else photo
