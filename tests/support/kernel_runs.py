"""Small photos for the kernel's tests, and what a run of it left."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = 32
COMMAND = [sys.executable, "-m", "kernel.main"]


@dataclass(frozen=True)
class Run:
    """What a run left in its working folder."""

    working: Path
    code: int

    @property
    def history(self) -> dict[str, list[float]]:
        """history.csv, a list of numbers a column."""
        with (self.working / "history.csv").open(newline="", encoding="utf-8") as rows:
            table = list(csv.DictReader(rows))
        return {name: [float(row[name]) for row in table] for name in table[0]}

    @property
    def record(self) -> dict[str, Any]:
        """run.json."""
        return json.loads((self.working / "run.json").read_text(encoding="utf-8"))

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights of the model that was left."""
        import keras

        model = keras.saving.load_model(self.working / "model.keras", compile=False)
        return model.get_weights()


def write_photo(path: Path, label: int, seed: int, side: int = 40) -> None:
    """A noisy photo with a bright bar, upright for label 0 and lying for label 1."""
    draw = np.random.RandomState(seed)
    picture = draw.randint(0, 120, (side, side, 3)).astype("uint8")
    at = draw.randint(4, side - 10)
    bar = (slice(None), slice(at, at + 6)) if label == 0 else (slice(at, at + 6), slice(None))
    picture[bar] += 100
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def write_split(folder: Path, classes: tuple[str, ...], train: int, valid: int) -> Path:
    """A data set: train/ and valid/ with so many photos of each class, JPEG and PNG by turns."""
    for split, count, base in (("train", train, 0), ("valid", valid, 1000)):
        for label, name in enumerate(classes):
            for index in range(count):
                ending = "png" if index % 3 == 0 else "jpg"
                path = folder / split / name / f"{index:03d}.{ending}"
                write_photo(path, label % 2, base + 100 * label + index)
    return folder


def start(folder: Path, photos: Path, **settings: Any) -> subprocess.Popen[str]:
    """The job as a process of its own, in `folder`."""
    folder.mkdir(exist_ok=True)
    chosen = {"data": str(photos), "image_size": [SIDE, SIDE], "batch_size": 16}
    chosen |= {"plots": False, **settings}
    root = Path(__file__).parents[2]
    environment = os.environ | {"KITCTL_OVERRIDES": json.dumps(chosen), "PYTHONPATH": str(root)}
    return subprocess.Popen(
        COMMAND, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip


def kill_when(run: subprocess.Popen[str], line_begins: str) -> None:
    """SIGKILL the run as soon as it has printed such a line."""
    assert run.stdout is not None
    seen = any(line.startswith(line_begins) for line in run.stdout)
    assert seen, f"the run ended without a line {line_begins!r}"
    run.send_signal(signal.SIGKILL)
    run.communicate()


def finish(run: subprocess.Popen[str], folder: Path) -> tuple[Run, str]:
    """Wait for the run's end: what it left, and what it printed."""
    output, _ = run.communicate()
    return Run(folder, run.returncode), output
