"""Real photographs and real VGG16 weights, laid out as a run finds them."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

from job import PROJECT

PHOTOS = PROJECT / "datasets" / "solar-cells"
WEIGHTS = PROJECT / "datasets" / "vgg16-imagenet"


def lay_out(inputs: Path, per_class: dict[str, int]) -> Path:
    """Put so many photos of each class and split, and the weights, under `inputs`.

    Where there are not as many, they come again. Returns the weights' HDF5 file.
    """
    for data_set in (PHOTOS, WEIGHTS):
        subprocess.run([sys.executable, data_set / "recipe.py"], check=True)
    for split, count in per_class.items():
        for class_folder in sorted((PHOTOS / "files" / split).iterdir()):
            folder = inputs / "car-or-truck" / split / class_folder.name
            folder.mkdir(parents=True)
            photos = itertools.cycle(sorted(class_folder.iterdir()))
            for number, photo in enumerate(itertools.islice(photos, count)):
                shutil.copy(photo, folder / f"{number:04}-{photo.name}")
    models = inputs / "cv-course-models"
    shutil.copytree(WEIGHTS / "files", models)
    return next(models.rglob("vgg16.weights.h5"))
