"""Draw the car-or-truck sample: `files/{train,valid}/{Car,Truck}/NNNN.jpg`.

    python recipe.py

The same numpy and Pillow give the same bytes, whatever the number of processes. See README.md.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for recipes/, which all share

import numpy as np
from drawing import cars, trucks
from drawing.backgrounds import paint_background
from drawing.camera import View, develop, draw_vehicle
from drawing.foregrounds import paint_foreground
from drawing.scenes import compose
from recipes.folders import log, run

SEED = 31415
BUILDERS = {"Car": cars.BUILDERS, "Truck": trucks.BUILDERS}
SPLITS = {"train": 500, "valid": 200}  # photos of each class


def _stream(*key: int) -> np.random.Generator:
    """Return a random generator that depends on the key only."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([SEED, *key])))


def photo(split: str, label: str, index: int) -> bytes:
    """Return the JPEG of one photo, which depends on these three arguments only.

    Photo `index` of both classes shows the same scene (place, light, angle, paint, size of the
    picture and of the vehicle in it): the classes differ in nothing but the vehicle.
    """
    place = (list(SPLITS).index(split), index)
    scene = compose(_stream(*place, 0))
    rng = _stream(*place, 1, list(BUILDERS).index(label))
    kinds = list(BUILDERS[label].values())
    vehicle = kinds[int(rng.integers(len(kinds)))](scene.paint, scene.second_paint, rng)
    view = View.of(scene.shot, vehicle)
    picture = paint_background(scene, view)
    draw_vehicle(picture, view, scene.light, vehicle)
    picture = paint_foreground(picture, scene)
    return develop(picture, _stream(*place, 2))


def _write(folder: Path, split: str, label: str, index: int) -> None:
    (folder / split / label / f"{index:04d}.jpg").write_bytes(photo(split, label, index))


def render(folder: Path, counts: dict[str, int], processes: int) -> None:
    """Write `counts[split]` photos of each class below `folder`."""
    tasks = []
    for split, count in counts.items():
        for label in BUILDERS:
            (folder / split / label).mkdir(parents=True)
            tasks += [(folder, split, label, index) for index in range(count)]
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_write, *zip(*tasks, strict=True), chunksize=25))


def make(folder: Path) -> None:
    """Draw the whole sample into `folder`."""
    total = sum(SPLITS.values()) * len(BUILDERS)
    log(f"drawing {total} photos of cars and trucks (about half a minute)")
    render(folder, SPLITS, min(os.cpu_count() or 1, 8))


if __name__ == "__main__":
    sys.exit(run(__file__, "Draw the car-or-truck sample into files/.", make))
