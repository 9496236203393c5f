"""Convert rows of the database to data sets and their versions."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from kitctl.local.state.records import Dataset, DatasetVersion


def dataset_of(row: sqlite3.Row) -> Dataset:
    """Return the data set of a row."""
    about = json.loads(row["about"])
    own = {"title", "subtitle", "description", "license", "keywords"}
    return Dataset(
        id=row["id"],
        owner=row["owner"],
        slug=row["slug"],
        title=about.get("title", row["slug"]),
        subtitle=about.get("subtitle", ""),
        description=about.get("description", ""),
        license=about.get("license", ""),
        keywords=tuple(about.get("keywords", ())),
        details={name: value for name, value in about.items() if name not in own},
        is_private=bool(row["is_private"]),
        created_at=row["created_at"],
    )


def version_of(dataset: Dataset, row: sqlite3.Row) -> DatasetVersion:
    """Return one of its versions."""
    return DatasetVersion(
        dataset=dataset,
        number=row["number"],
        notes=row["notes"],
        folder=Path(row["folder"]),
        failure=row["failure"],
        ready_at=row["ready_at"],
        created_at=row["created_at"],
    )
