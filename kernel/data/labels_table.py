"""Labels from a table: a row for each photo, with its file and its class."""

from collections.abc import Sequence
from pathlib import Path

from kernel import session
from kernel.data import folders, photo_table
from kernel.data.table_columns import TableColumn
from kernel.session import RunError
from kernel.settings.settings import Settings

_MOST_NAMED = 5
_CLASSES = TableColumn(
    setting="labels_csv",
    one="class",
    many="classes",
    names=("label", "labels", "class", "class_name", "category", "target", "y"),
    never=("weight", "weights", "sample_weight"),
)


def read(folder: Path, photos_folder: Path, settings: Settings) -> dict[str, list[str]]:
    """Return the photos of each class by the table `labels_csv` in `folder`, in Keras' order.

    A file is named by its path below `photos_folder` or `folder`, by its name, or by its name
    without the ending. Classes are in the order of `class_names`, else sorted.

    Raises:
        RunError: when the table cannot be read, or names too few photos that exist.
    """
    paths = folders.photo_paths(photos_folder, settings.follow_links)
    table, roots = folder / settings.labels_csv, (photos_folder, folder)
    labels, missing = photo_table.read(table, _CLASSES, paths, roots)
    rows = len(labels) + len(missing)
    if len(missing) > settings.max_bad_share * rows:
        raise RunError(
            f"{table.name} names {len(missing)} of {rows} photos that {photos_folder} does not "
            f"hold, such as {', '.join(missing[:_MOST_NAMED])}. A file is named by its path there, "
            f"its name, or its name without the ending; one that several photos have names none."
        )
    if missing:
        session.say(f"left out {len(missing)} rows of {table.name} without a photo")
    if without := len(paths) - len(labels):
        session.say(f"left out {without} photos that {settings.labels_csv} does not name")
    return _by_class([path for path in paths if path in labels], labels, settings)


def _by_class(
    paths: Sequence[str], labels: dict[str, str], settings: Settings
) -> dict[str, list[str]]:
    found = sorted({labels[path] for path in paths}, key=_natural)
    absent = sorted(set(settings.class_names) - set(found))
    if absent:
        raise RunError(
            f"class_names has {', '.join(absent)}, which {settings.labels_csv} does not hold (it "
            f"holds: {', '.join(found)})."
        )
    classes = settings.class_names or found
    if len(classes) < 2:
        raise RunError(
            f"{settings.labels_csv} holds {len(classes)} class; a classifier needs at least two."
        )
    return {name: [path for path in paths if labels[path] == name] for name in classes}


def _natural(name: str) -> tuple[int, int, str]:
    """Return a key that sorts 2 before 10, and numbers before names."""
    return (0, int(name), name) if name.isdecimal() and len(name) < 19 else (1, 0, name)
