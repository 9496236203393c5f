"""What the model predicts for photos without labels: a table, and a competition's submission."""

from pathlib import Path
from typing import Any

import numpy as np

from kernel import session
from kernel.data import pipelines, unlabelled
from kernel.files import write_csv
from kernel.report.predictions import class_probabilities
from kernel.settings.settings import Settings

TABLE, SUBMISSION = "predict_folder.csv", "submission.csv"


def write(model: Any, settings: Settings, class_names: tuple[str, ...]) -> None:
    """Write predict_folder.csv: `path` below the folder, `label` and its `probability`.

    A photo that cannot be read has neither. With `submission`, also write submission.csv. `model`
    takes photos as the run prepares them.

    Raises:
        RunError: when there are no photos.
    """
    import pandas as pd

    folder = unlabelled.folder_of(settings)
    photos, skipped = unlabelled.find(settings, class_names)
    batches = pipelines.once(photos, np.arange(len(photos)), settings)
    outputs = [np.asarray(model(images, training=False)) for images, _ in batches]
    values = class_probabilities(np.concatenate(outputs)) if outputs else np.empty((0, 1))
    predicted = dict(zip(photos.paths, values, strict=True))
    paths = sorted([*photos.paths, *(photo.path for photo in skipped)])
    names = [session.utf8(name) for name in class_names]
    nothing = np.full(len(names), np.nan)
    rows = [predicted.get(path, nothing) for path in paths]
    best = [None if np.isnan(row).any() else int(row.argmax()) for row in rows]
    table = pd.DataFrame(
        {
            "path": [session.utf8(Path(path).relative_to(folder).as_posix()) for path in paths],
            "label": ["" if index is None else names[index] for index in best],
            "probability": [row.max() for row in rows],
        }
    )
    write_csv(TABLE, table)
    session.say(f"predicted {len(photos)} photos of {settings.predict_folder}: {TABLE}")
    if skipped:
        session.say(f"{len(skipped)} of them cannot be read and have no label")
    if settings.submission:
        write_csv(SUBMISSION, _submission(paths, rows, best, names, settings))


def _submission(
    paths: list[str],
    rows: list[Any],
    best: list[int | None],
    names: list[str],
    settings: Settings,
) -> Any:
    """Return the table with the columns that `submission` names.

    With probabilities of more than two classes it has a column for each class instead.
    """
    import pandas as pd

    file, value = settings.submission
    ids = [session.utf8(Path(path).stem) for path in paths]
    if twice := len(ids) - len(set(ids)):
        session.say(
            f"{SUBMISSION}: {twice} ids stand there more than once, as photos of one name in "
            f"several folders, or with several endings, have the same"
        )
    table = pd.DataFrame({file: ids})
    if settings.submission_value == "label":
        table[value] = ["" if index is None else names[index] for index in best]
    elif settings.submission_value == "index":
        table[value] = pd.array(best, dtype="Int64")
    elif len(names) == 2:
        table[value] = [row[1] for row in rows]
    else:
        for index, name in enumerate(names):
            table[name] = [row[index] for row in rows]
    return table
