"""Lay out real photographs of solar cells: `files/{train,valid}/{functional,defective}`.

    python recipe.py            # 600 of them, into files/
    python recipe.py --all      # all 2,624, in the parts of a published comparison, into all/

They come from the package `elpv-dataset`; README.md names their authors and their licence.
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
from recipes.folders import RecipeError, log, run
from recipes.packages import Package, open_package, read

ELPV = Package(
    name="elpv-dataset",
    version="1.0.0.post1",
    file="elpv_dataset-1.0.0.post1-py3-none-any.whl",
    sha256="85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c",
    megabytes=91,
)
INSIDE = "elpv_dataset/data/"
CLASSES = {"0.0": "functional", "1.0": "defective"}  # Probabilities between are left out.
SPLITS = {"train": 210, "valid": 90}  # Photos of each class.
LABELS_LIMIT, PHOTO_LIMIT = 1_000_000, 500_000  # Bytes.
# Of all photos: the class of each probability of a defect, and the share to test on.
ALL_CLASSES = {
    "0.0": "functional", "0.3333333333333333": "functional",
    "0.6666666666666666": "defective", "1.0": "defective",
}  # fmt: skip
ALL_PHOTOS, ALL_TEST = 2624, 656
WEIGHTS = "weights.csv"
NAME = re.compile(r"images/(cell\d{1,6}\.png)")


def read_labels(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return file name → class, for the photos whose class is certain."""
    text = read(archive, INSIDE + "labels.csv", LABELS_LIMIT).decode("utf-8")
    labels = {}
    for path, probability, *_ in csv.reader(
        io.StringIO(text), delimiter=" ", skipinitialspace=True
    ):
        name = NAME.fullmatch(path)
        if name is None:
            raise RecipeError(f"labels.csv names {path!r}, which is not a photo of this data set.")
        if probability in CLASSES:
            labels[name.group(1)] = CLASSES[probability]
    return labels


def unique_photos(archive: zipfile.ZipFile, labels: dict[str, str]) -> dict[str, list[str]]:
    """Return class → file names, each picture once, ordered by the pictures' hashes.

    That order is as good as shuffled, and always the same. A picture that occurs in both classes
    is left out.
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
    """Write the two splits into `folder`."""
    needed = sum(SPLITS.values())
    for label, names in unique_photos(archive, read_labels(archive)).items():
        if len(names) < needed:
            raise RecipeError(
                f"Only {len(names)} different photos are {label}; {needed} are needed."
            )
        start = 0
        for split, count in SPLITS.items():
            place = folder / split / label
            place.mkdir(parents=True)
            for name in names[start : start + count]:
                data = read(archive, f"{INSIDE}images/{name}", PHOTO_LIMIT)
                _check_photo(name, data)
                (place / name).write_bytes(data)
            start += count


def read_all_labels(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    """Return file name → class, and the group of photos alike in probability and kind of cell."""
    text = read(archive, INSIDE + "labels.csv", LABELS_LIMIT).decode("utf-8")
    labels = {}
    for path, probability, *kind in csv.reader(
        io.StringIO(text), delimiter=" ", skipinitialspace=True
    ):
        name = NAME.fullmatch(path)
        label = next(
            (each for value, each in ALL_CLASSES.items() if float(value) - 0.01 < float(probability)
             < float(value) + 0.01), None,
        )  # fmt: skip
        if name is None or label is None:
            raise RecipeError(f"labels.csv has an unknown line: {path!r} {probability!r}.")
        labels[name.group(1)] = label, f"{probability} {' '.join(kind).strip()}"
    return labels


def lay_out_all(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write all photos into `folder`: three quarters of each group to train on, one to test.

    A table says how probable the label of each photo is.
    """
    labels = read_all_labels(archive)
    if len(labels) != ALL_PHOTOS:
        raise RecipeError(f"The package names {len(labels)} photos, not {ALL_PHOTOS}.")
    digests = {}
    for name in labels:
        data = read(archive, f"{INSIDE}images/{name}", PHOTO_LIMIT)
        _check_photo(name, data)
        digests[name] = hashlib.sha256(data).hexdigest()
    weights = {}
    # By group, in it as good as shuffled: every fourth photo is for the test.
    ordered = sorted(labels, key=lambda name: (labels[name][1], digests[name], name))
    test = set(ordered[3::4])
    for name in ordered:
        label, group = labels[name]
        path = Path("valid" if name in test else "train", label, name)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(read(archive, f"{INSIDE}images/{name}", PHOTO_LIMIT))
        defective = float(group.split()[0])
        weights[path] = defective if label == "defective" else 1 - defective
    with (folder / WEIGHTS).open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["file", "weight"])
        rows.writerows((path.as_posix(), f"{weight:.4g}") for path, weight in weights.items())
    assert len(test) == ALL_TEST


def _check_photo(name: str, data: bytes) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            picture.verify()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecipeError(f"{name} is not a valid PNG: {error}.") from error


def make(folder: Path, package: Package = ELPV) -> None:
    """Fetch the package and lay its photos out in `folder`.

    Raises:
        RecipeError: The package cannot be fetched, or does not hold the expected photos.
    """
    with open_package(package) as archive:
        log(f"choosing {sum(SPLITS.values()) * 2} photos, each picture once")
        lay_out(archive, folder)


def make_all(folder: Path, package: Package = ELPV) -> None:
    """Fetch the package and lay all of its photos out in `folder`.

    Raises:
        RecipeError: The package cannot be fetched, or does not hold the expected photos.
    """
    with open_package(package) as archive:
        log(f"choosing {ALL_TEST} of {ALL_PHOTOS} photos to test on")
        lay_out_all(archive, folder)


if __name__ == "__main__":
    about = "Lay out 600 photographs of solar cells in files/, or all of them in all/."
    sys.exit(run(__file__, about, make, make_all))
