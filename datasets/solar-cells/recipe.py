"""Lays out 600 real photographs of solar cells: ``files/{train,valid}/{functional,defective}``.

    python recipe.py

They come out of the package ``elpv-dataset``; README.md says whose they are and on what terms.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for recipes/, which all share

from PIL import Image
from recipes.folders import RecipeError, run, say
from recipes.packages import Package, opened, read

ELPV = Package(
    name="elpv-dataset",
    version="1.0.0.post1",
    file="elpv_dataset-1.0.0.post1-py3-none-any.whl",
    sha256="85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c",
    megabytes=91,
)
INSIDE = "elpv_dataset/data/"
CLASSES = {"0.0": "functional", "1.0": "defective"}  # what lies between is left out
SPLITS = {"train": 210, "valid": 90}  # photos of each class
LABELS_LIMIT, PHOTO_LIMIT = 1_000_000, 500_000  # bytes
NAME = re.compile(r"images/(cell\d{1,6}\.png)")


def labelled(archive: zipfile.ZipFile) -> dict[str, str]:
    """Photo's file name → class, for the photos that are surely of one or the other."""
    text = read(archive, INSIDE + "labels.csv", LABELS_LIMIT).decode("utf-8")
    found = {}
    for path, probability, *_ in csv.reader(
        io.StringIO(text), delimiter=" ", skipinitialspace=True
    ):
        name = NAME.fullmatch(path)
        if name is None:
            raise RecipeError(f"labels.csv names {path!r}, which is no photo of this data set.")
        if probability in CLASSES:
            found[name.group(1)] = CLASSES[probability]
    return found


def without_doubles(archive: zipfile.ZipFile, labels: dict[str, str]) -> dict[str, list[str]]:
    """Class → names, each picture once, in the order of the pictures' own hashes.

    That order is as good as shuffled, and the same everywhere and for ever. A picture that
    stands in both classes is left out of both.
    """
    copies: dict[str, list[str]] = {}
    for name in sorted(labels):
        data = read(archive, f"{INSIDE}images/{name}", PHOTO_LIMIT)
        copies.setdefault(hashlib.sha256(data).hexdigest(), []).append(name)
    chosen: dict[str, list[str]] = {label: [] for label in CLASSES.values()}
    for digest in sorted(copies):
        names = copies[digest]
        if len({labels[name] for name in names}) == 1:
            chosen[labels[names[0]]].append(names[0])
    return chosen


def lay_out(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write the two splits below ``folder``."""
    wanted = sum(SPLITS.values())
    for label, names in without_doubles(archive, labelled(archive)).items():
        if len(names) < wanted:
            raise RecipeError(
                f"Only {len(names)} different photos are {label}; {wanted} are needed."
            )
        start = 0
        for split, count in SPLITS.items():
            place = folder / split / label
            place.mkdir(parents=True)
            for name in names[start : start + count]:
                data = read(archive, f"{INSIDE}images/{name}", PHOTO_LIMIT)
                _must_be_a_photo(name, data)
                (place / name).write_bytes(data)
            start += count


def _must_be_a_photo(name: str, data: bytes) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            picture.verify()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecipeError(f"{name} is not a sound PNG: {error}.") from error


def make(folder: Path, package: Package = ELPV) -> None:
    """Fetch the package and lay its photos out in ``folder``."""
    with opened(package) as archive:
        say(f"choosing {sum(SPLITS.values()) * 2} photos, each picture once")
        lay_out(archive, folder)


if __name__ == "__main__":
    sys.exit(run(__file__, "Lay out 600 photographs of solar cells in files/.", make))
