"""Real photographs and real VGG16 weights as the inputs of a run."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

from job import PROJECT

SOLAR_CELLS = PROJECT / "datasets" / "solar-cells"
VGG16 = PROJECT / "datasets" / "vgg16-imagenet"


def make_data_sets() -> None:
    """Run both recipes, and exit when one fails; they leave existing files as they are."""
    for data_set in (SOLAR_CELLS, VGG16):
        done = subprocess.run([sys.executable, data_set / "recipe.py"])
        if done.returncode:
            sys.exit(done.returncode)


def link_inputs(inputs: Path, photos: Path) -> None:
    """Link a folder of photos and the weights into `inputs`, as Kaggle lays them out."""
    inputs.mkdir(parents=True, exist_ok=True)
    for name, folder in (("car-or-truck", photos), ("cv-course-models", VGG16 / "files")):
        if not (inputs / name).exists():
            (inputs / name).symlink_to(folder, target_is_directory=True)


def lay_out(inputs: Path, per_class: dict[str, int]) -> Path:
    """Copy weights and photos into `inputs`; return the weights' HDF5 file.

    `per_class` is the number of photos of each class in a split; they repeat where the data set
    has fewer.
    """
    make_data_sets()
    for split, count in per_class.items():
        for class_folder in sorted((SOLAR_CELLS / "files" / split).iterdir()):
            folder = inputs / "car-or-truck" / split / class_folder.name
            folder.mkdir(parents=True)
            photos = itertools.cycle(sorted(class_folder.iterdir()))
            for number, photo in enumerate(itertools.islice(photos, count)):
                shutil.copy(photo, folder / f"{number:04}-{photo.name}")
    models = inputs / "cv-course-models"
    shutil.copytree(VGG16 / "files", models)
    return next(models.rglob("vgg16.weights.h5"))
