"""Folders that stand for a competition, and a script that enters it."""

from __future__ import annotations

import json
from pathlib import Path

# Right in three of four rows.
SUBMISSION = (
    "rows = ['id,label', '1,car', '2,truck', '3,car', '4,car']\n"
    "open('submission.csv', 'w').write('\\n'.join(rows) + '\\n')\n"
)


def competition_folder(folder: Path, **details: object) -> Path:
    """Write a competition whose four rows are scored by accuracy; return its folder."""
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "test.csv").write_text("id\n1\n2\n3\n4\n", "utf-8")
    (folder / "solution.csv").write_text("id,label\n1,car\n2,truck\n3,car\n4,truck\n", "utf-8")
    described = {"title": "Small contest", "metric": "accuracy", **details}
    (folder / "competition.json").write_text(json.dumps(described), "utf-8")
    return folder
