"""Speed of the pipeline `fast` against the course's own code and plain libjpeg-turbo.

The photos are made here: JPEGs of many sizes (128 to 300 pixels a side), and JPEGs of 128 x 128
pixels, as in the course's data set. Every contender does the same work, from files to float batches
of 128 x 128 in 0…1, and they take turns in one process. Listing the folder is not counted.
"""

from __future__ import annotations

import io
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import simplejpeg
import table
from PIL import Image
from table import Row

COURSE = 5_117  # Training photos in the course's data set.
DIFFERENT = 200
SIZE = 128
BATCH = 64
# Kind of photos → pixels of a side: from, and below. The course's own kind comes first.
KINDS = (("128 px", (128, 129)), ("128 to 300 px", (128, 301)))
CORES = os.cpu_count() or 1


def rows(quick: bool = False) -> list[Row]:
    """Compare photos per second in the first epoch of `fast`, as medians over the rounds."""
    count, rounds, kinds = (2_000, 3, KINDS[:1]) if quick else (COURSE, 7, KINDS)
    table_rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what, sides in kinds:
            photos = Path(folder) / what.replace(" ", "-")
            make_photos(photos, count, sides)
            seconds = take_turns(contenders(photos), rounds)
            speeds = {name: count / statistics.median(times) for name, times in seconds.items()}
            note = ", ".join(f"{name} {speed:,.0f}/s" for name, speed in speeds.items())
            for against, goal in (("the course's code", "2"), ("libjpeg-turbo", "0.8")):
                ratios = [b / a for a, b in zip(seconds["fast"], seconds[against], strict=True)]
                what_row = f"`fast` first epoch, JPEGs of {what}"
                table_rows.append(Row.of(what_row, against, ratios, f">= {goal}", note))
    return table_rows


def make_photos(folder: Path, count: int, sides: tuple[int, int]) -> None:
    """Write JPEGs with detail at every scale, as in photographs; the first `DIFFERENT` repeat."""
    random = np.random.default_rng(1)
    written = []
    for index in range(count):
        if index < DIFFERENT:
            width, height = (int(side) for side in random.integers(*sides, 2))
            photo = random.normal(0, 4, (height, width, 3))
            for scale in (2, 4, 8, 16, 32, 64):
                coarse = random.random((height // scale + 1, width // scale + 1, 3))
                layer = Image.fromarray((255 * coarse).astype(np.uint8)).resize((width, height))
                photo += np.asarray(layer, dtype=float) * scale**0.8 / 60
            photo = 255 * (photo - photo.min()) / np.ptp(photo)
            file = io.BytesIO()
            quality = int(random.integers(75, 96))
            Image.fromarray(photo.astype(np.uint8)).save(file, "JPEG", quality=quality)
            written.append(file.getvalue())
        path = folder / ("car" if index % 2 else "truck") / f"{index:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written[index % DIFFERENT])


def contenders(folder: Path) -> dict[str, Callable[[], int]]:
    """Return the functions to compare; each returns the number of photos that it read.

    `course` is the job's pipeline of that name, which repeats the course's code.
    """
    import keras

    from kernel.data import photos, pipelines
    from kernel.settings.settings import Settings

    settings = Settings(
        data=str(folder),
        train_folder=".",
        valid_folder=".",
        image_size=(SIZE, SIZE),
        batch_size=BATCH,
    )
    keras.utils.set_random_seed(settings.seed)
    found = photos.find(settings).train

    def pipeline(name: str) -> int:
        batches = pipelines.build(name, found, settings, training=True)
        return sum(len(images) for images, _ in batches)

    return {
        "the course's code": courses_code(folder),
        "course": lambda: pipeline("course"),
        "fast": lambda: pipeline("fast"),
        "libjpeg-turbo": lambda: decode_without_tensorflow(found.paths),
    }


def courses_code(folder: Path) -> Callable[[], int]:
    """Return the data pipeline of the course's notebook."""
    import tensorflow as tf
    from keras.utils import image_dataset_from_directory

    files = image_dataset_from_directory(
        str(folder),
        labels="inferred",
        label_mode="binary",
        image_size=[SIZE, SIZE],
        interpolation="nearest",
        batch_size=BATCH,
        shuffle=True,
        verbose=False,
    )

    def convert_to_float(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.image.convert_image_dtype(image, dtype=tf.float32), label

    def run() -> int:
        batches = files.map(convert_to_float).cache().prefetch(buffer_size=tf.data.AUTOTUNE)
        return sum(len(images) for images, _ in batches)

    return run


def decode_without_tensorflow(paths: Sequence[str]) -> int:
    """Read, decode and resize on all cores: the upper limit. simplejpeg releases the GIL."""

    def batch(files: Sequence[str]) -> int:
        images = np.empty((len(files), SIZE, SIZE, 3), np.float32)
        for index, path in enumerate(files):
            pixels = simplejpeg.decode_jpeg(Path(path).read_bytes(), "RGB")
            if pixels.shape[:2] != (SIZE, SIZE):
                across, down = (
                    ((np.arange(SIZE) + 0.5) * (side / SIZE)).astype(int)
                    for side in (pixels.shape[1], pixels.shape[0])
                )
                pixels = pixels[down][:, across]
            np.multiply(pixels, np.float32(1 / 255), out=images[index])
        return len(images)

    order = np.random.default_rng(0).permutation(np.asarray(paths))
    with ThreadPoolExecutor(CORES) as pool:
        return sum(pool.map(batch, np.array_split(order, math.ceil(len(paths) / BATCH))))


def take_turns(contenders: dict[str, Callable[[], int]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each contender in each round, after one round of warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    table.main(rows)
