"""Weights of the training photos in the loss, from a table."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from kernel.data import folders, photo_table
from kernel.data.table_columns import TableColumn
from kernel.session import RunError
from kernel.settings.settings import Settings

_WEIGHTS = TableColumn(
    setting="weights_csv",
    one="weight",
    many="weights",
    names=("weight", "weights", "sample_weight"),
    needs_name=True,
)


def read(folder: Path, paths: Sequence[str], settings: Settings) -> tuple[float, ...]:
    """Return the weight of each photo of `paths` by the table `weights_csv` in `folder`.

    The table may also stand beside the folder, if no other folder does. A file is named by its path
    below the training folder or the table's, by its name, or by its name without the ending. The
    table may name other photos, too.

    Raises:
        RunError: when the table cannot be read, leaves a photo out, or has a weight that is none.
    """
    inner = folder / settings.train_folder
    root = inner if inner.is_dir() else folder
    holder = folders.holder_of(settings.weights_csv, folder)
    table, roots = holder / settings.weights_csv, (root, folder, holder)
    # All of them, also those that are not used: a name must be that of one photo.
    photos = folders.photo_paths(root, settings.follow_links)
    values, _ = photo_table.read(table, _WEIGHTS, photos, roots)
    without = [path for path in paths if path not in values]
    if without:
        raise RunError(
            f"{table.name} has no weight for {len(without)} of {len(paths)} photos to train on, "
            f"such as {without[0]}. Give each a weight (the usual one is 1), and write the path of "
            f"a file, with its ending, where several have its name."
        )
    weights = tuple(_weight(table.name, path, values[path]) for path in paths)
    if not any(weights):
        raise RunError(f"{table.name} gives every photo to train on the weight 0.")
    return weights


def _weight(table: str, path: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        weight = -1.0
    if not (isfinite(weight) and weight >= 0):
        raise RunError(
            f"{table} gives {path} the weight {value!r}: a weight is 0 or more, with a point for "
            f"decimals."
        )
    return weight
