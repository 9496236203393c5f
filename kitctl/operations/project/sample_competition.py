"""A small competition to rehearse one: which of two classes a point in a plane belongs to."""

from __future__ import annotations

import json
import random

SLUG = "sample-contest"
FOLDER = "sample-contest"

TRAIN_ROWS, TEST_ROWS = 200, 100


def sample_competition() -> dict[str, bytes]:
    """Return the files of a folder that stands for the competition, the same each time."""
    chance = random.Random(0)
    rows = [_row(number, chance) for number in range(TRAIN_ROWS + TEST_ROWS)]
    train, test = rows[:TRAIN_ROWS], rows[TRAIN_ROWS:]
    description = {"title": "Sample contest", "metric": "accuracy", "code_only": False}
    tables: dict[str, list[tuple[str, ...]]] = {
        "files/train.csv": [("id", "x", "y", "label"), *train],
        "files/test.csv": [("id", "x", "y"), *(row[:3] for row in test)],
        "files/sample_submission.csv": [("id", "label"), *((row[0], "left") for row in test)],
        "solution.csv": [("id", "label"), *((row[0], row[3]) for row in test)],
    }
    files = {"competition.json": (json.dumps(description, indent=2) + "\n").encode()}
    for name, lines in tables.items():
        files[name] = "".join(f"{','.join(line)}\n" for line in lines).encode()
    return {f"{FOLDER}/{name}": content for name, content in files.items()}


def _row(number: int, chance: random.Random) -> tuple[str, str, str, str]:
    x, y = chance.gauss(0.0, 1.0), chance.gauss(0.0, 1.0)
    label = "left" if x * x - y + chance.gauss(0.0, 0.4) > 0.5 else "right"
    return str(number), f"{x:.4f}", f"{y:.4f}", label
