"""A folder of photos as a training run reads it: splits, classes, photos, and what is odd."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kitctl.domain.data.datasets import LocalFile

# What the shipped job reads: the formats of Keras, and those that it decodes by Pillow.
PHOTO_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp", ".tif", ".tiff")
TRAIN, VALID = "train", "valid"
# Beside the files in archives from macOS; no run looks there.
MACOS_FOLDER = "__MACOSX"


class Severity(StrEnum):
    """How bad a problem is: a run or a push refuses an error, and works with a warning."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class FolderProblem:
    """Something about a folder that the user should know."""

    severity: Severity
    kind: str
    path: str
    message: str


@dataclass(frozen=True)
class PhotoFolder:
    """The photos of a folder by split and class; "" is the split of a folder without splits."""

    splits: Mapping[str, Mapping[str, Sequence[LocalFile]]]
    others: Sequence[LocalFile]

    @property
    def photos(self) -> list[LocalFile]:
        return [
            photo for classes in self.splits.values() for each in classes.values() for photo in each
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of photos of each class, by split."""
        return {
            split: {name: len(photos) for name, photos in classes.items()}
            for split, classes in self.splits.items()
        }


def sort_photos(files: Iterable[LocalFile]) -> PhotoFolder:
    """Sort the files of a folder into splits and classes, as a training run does."""
    files = sorted(files)
    tops = {file.path.partition("/")[0] for file in files if "/" in file.path}
    has_splits = TRAIN in tops
    splits: dict[str, dict[str, list[LocalFile]]] = defaultdict(lambda: defaultdict(list))
    others = []
    for file in files:
        *folders, name = file.path.split("/")
        depth = 2 if has_splits else 1
        is_hidden = name.startswith(".") or MACOS_FOLDER in folders
        is_photo = name.lower().endswith(PHOTO_ENDINGS) and not is_hidden
        if (
            not is_photo
            or len(folders) < depth
            or (has_splits and folders[0] not in (TRAIN, VALID))
        ):
            others.append(file)
        else:
            splits[folders[0] if has_splits else ""][folders[depth - 1]].append(file)
    return PhotoFolder({split: dict(classes) for split, classes in splits.items()}, others)


def folder_problems(folder: PhotoFolder) -> list[FolderProblem]:
    """Return what a training run would refuse or should not meet, but for unreadable photos."""
    return [*_class_problems(folder), *_double_problems(folder), *_other_problems(folder)]


def _class_problems(folder: PhotoFolder) -> list[FolderProblem]:
    error = Severity.ERROR
    if not folder.photos:
        return [
            FolderProblem(
                error,
                "no_photos",
                "",
                "There are no photos in folders of classes, such as train/car/1.jpg.",
            )
        ]
    problems = []
    splits = folder.splits
    if TRAIN in splits and VALID not in splits:
        problems.append(
            FolderProblem(
                Severity.WARNING,
                "no_valid",
                VALID,
                "There is no folder valid/: set validation_split, or name it with valid_folder.",
            )
        )
    for split, classes in splits.items():
        if len(classes) < 2:
            message = f"There is one class only ({', '.join(classes)}); a classifier needs two."
            problems.append(FolderProblem(error, "one_class", split, message))
    if TRAIN in splits and VALID in splits:
        for name in sorted(splits[TRAIN].keys() ^ splits[VALID].keys()):
            there, missing = (TRAIN, VALID) if name in splits[TRAIN] else (VALID, TRAIN)
            message = f"{there} has the class {name}, and {missing} has no photo of it."
            problems.append(FolderProblem(error, "different_classes", f"{missing}/{name}", message))
    return problems


def _double_problems(folder: PhotoFolder) -> list[FolderProblem]:
    """Return photos that are in the training and in the validation photos, or in two classes."""
    places: dict[str, list[tuple[str, str, LocalFile]]] = defaultdict(list)
    for split, classes in folder.splits.items():
        for name, photos in classes.items():
            for photo in photos:
                places[photo.sha256].append((split, name, photo))
    problems = []
    for copies in places.values():
        its_splits, its_classes = {place[0] for place in copies}, {place[1] for place in copies}
        first, *others = (photo.path for *_, photo in copies)
        if len(its_classes) > 1:
            kind, what = "double_in_classes", "in two classes"
        elif len(its_splits) > 1:
            kind, what = "double_in_splits", "trained and validated on"
        else:
            continue
        message = f"is the same photo as {', '.join(others)}: {what}."
        problems.append(FolderProblem(Severity.WARNING, kind, first, message))
    return problems


def _other_problems(folder: PhotoFolder) -> list[FolderProblem]:
    """Return the files that are no photos of a class, by ending where there are many."""
    endings = Counter(_ending(file.path) for file in folder.others)
    return [
        FolderProblem(
            Severity.WARNING,
            "no_photo",
            next(file.path for file in folder.others if _ending(file.path) == ending),
            f"is no photo of a class; a run does not read it ({count} of {ending or 'no ending'}).",
        )
        for ending, count in sorted(endings.items())
    ]


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ""
