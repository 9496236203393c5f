"""Which photos of which class a folder holds, in the order in which Keras indexes them."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from kernel.data import folders
from kernel.data.inspection import EXTENSIONS
from kernel.session import RunError
from kernel.settings.settings import Settings

LabelledFiles = list[tuple[str, int]]
"""Paths, each with its label."""


def class_names(folder: Path, settings: Settings) -> tuple[str, ...]:
    """Return the names of the class folders, in the order of their labels.

    Raises:
        RunError: when a class of the settings is missing, or there are fewer than two.
    """
    names = [path.name for path in folders.inner_folders(folder)]
    missing = sorted(set(settings.class_names) - set(names))
    if missing:
        raise RunError(
            f"class_names has {', '.join(missing)}, which {folder.name} does not hold "
            f"(it holds: {', '.join(names) or 'no folders'})."
        )
    classes = settings.class_names or tuple(names)
    if len(classes) < 2:
        folders.refuse_packed(folder)
        raise RunError(
            f"{folder.name} holds {len(classes)} class folder(s) ({', '.join(classes) or 'none'}); "
            f"a classifier needs at least two, one folder for each class."
        )
    return tuple(classes)


def in_class_folders(folder: Path, classes: Sequence[str], settings: Settings) -> LabelledFiles:
    """List the files of every class, in the order in which Keras indexes them."""
    of_classes: dict[str, list[str]] = {}
    others: list[str] = []
    for name in classes:
        listed = list(folders.walk(folder / name, settings.follow_links))
        of_classes[name] = [path for path in listed if folders.is_photo(path)]
        others += [path for path in listed if not folders.is_photo(path)]
        if not of_classes[name]:
            folders.refuse_packed(folder / name)
            raise RunError(
                f"the class folder {folder.name}/{name} holds no photos (its files: "
                f"{folders.endings(listed)}). Photos are {', '.join(EXTENSIONS)}."
            )
    folders.say_left_out(others)
    return labelled(of_classes, settings)


def labelled(of_classes: Mapping[str, list[str]], settings: Settings) -> LabelledFiles:
    """Return the photos of all classes with their labels; of each, those that are drawn."""
    files: LabelledFiles = []
    for label, (name, paths) in enumerate(of_classes.items()):
        files += [(path, label) for path in _drawn(paths, name, settings)]
    return files


def _drawn(paths: Sequence[str], class_name: str, settings: Settings) -> Sequence[str]:
    """Return the photos of a class that are drawn, in their order: all without photos_per_class."""
    if not 0 < settings.photos_per_class < len(paths):
        return paths
    chance = random.Random(f"{settings.seed} {class_name}")
    drawn = sorted(chance.sample(range(len(paths)), settings.photos_per_class))
    return [paths[index] for index in drawn]


def with_given_labels(folder: Path, settings: Settings) -> LabelledFiles:
    """List the photos of the folder with their labels from the list in the settings."""
    paths = folders.photo_paths(folder, settings.follow_links)
    if len(paths) != len(settings.labels):
        raise RunError(
            f"`labels` has {len(settings.labels)} items and {folder.name} {len(paths)} photos; "
            f"each photo needs one, in the order of the sorted paths."
        )
    labels = label_list(settings)
    order = sorted(set(labels))
    if len(order) < 2:
        raise RunError("`labels` holds one class only; a classifier needs at least two.")
    listed = list(zip(paths, labels, strict=True))
    drawn = {
        path
        for label in order
        for path in _drawn([path for path, its in listed if its == label], str(label), settings)
    }
    return [(path, order.index(label)) for path, label in listed if path in drawn]


def label_list(settings: Settings) -> tuple[int, ...]:
    """Return the labels of the settings if they are a list, else nothing."""
    return () if isinstance(settings.labels, str) else settings.labels
