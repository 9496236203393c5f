"""Small photos for the tests of the training job, its settings, and the outputs of a run."""

import csv
import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from kernel.settings.settings import Settings

SIDE = 32
COMMAND = [sys.executable, "-m", "kernel.main"]


@dataclass(frozen=True)
class Run:
    """The exit code of a run and the outputs in its working folder."""

    working: Path
    code: int

    @property
    def history(self) -> dict[str, list[float]]:
        """The columns of history.csv."""
        with (self.working / "history.csv").open(newline="", encoding="utf-8") as rows:
            table = list(csv.DictReader(rows))
        return {name: [float(row[name]) for row in table] for name in table[0]}

    @property
    def record(self) -> dict[str, Any]:
        """The contents of run.json."""
        return json.loads((self.working / "run.json").read_text(encoding="utf-8"))

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights of the saved model."""
        import keras

        model = keras.saving.load_model(self.working / "model.keras", compile=False)
        return model.get_weights()


def validation_loss(run: Run) -> float:
    """Return the loss of the saved model on the run's validation photos, by Keras alone."""
    import keras

    model = keras.saving.load_model(run.working / "model.keras", compile=False)
    valid = keras.utils.image_dataset_from_directory(
        Path(run.record["settings"]["data"]) / "valid",
        label_mode="binary",
        image_size=(SIDE, SIDE),
        interpolation="nearest",
        shuffle=False,
        verbose=False,
    )
    model.compile(loss="binary_crossentropy")
    return model.evaluate(valid, verbose=0)


def write_photo(path: Path, label: int, seed: int, side: int = 40) -> None:
    """Write a noisy photo with a bright bar, vertical for label 0 and horizontal for label 1."""
    draw = np.random.RandomState(seed)
    picture = draw.randint(0, 120, (side, side, 3)).astype("uint8")
    at = draw.randint(4, side - 10)
    bar = (slice(None), slice(at, at + 6)) if label == 0 else (slice(at, at + 6), slice(None))
    picture[bar] += 100
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def write_undecodable_photo(path: Path) -> None:
    """Write a PNG that is right in its structure, checksums included, and cannot be decoded."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)), (b"IDAT", b"x" * 99)]
    contents = b"\x89PNG\r\n\x1a\n"
    for name, body in (*chunks, (b"IEND", b"")):
        checksum = struct.pack(">I", zlib.crc32(name + body))
        contents += struct.pack(">I", len(body)) + name + body + checksum
    path.write_bytes(contents)


def write_split(folder: Path, classes: tuple[str, ...], train: int, valid: int) -> Path:
    """Write train/ and valid/ with so many photos of each class, a third of them PNGs."""
    for split, count, base in (("train", train, 0), ("valid", valid, 1000)):
        for label, name in enumerate(classes):
            for index in range(count):
                ending = "png" if index % 3 == 0 else "jpg"
                path = folder / split / name / f"{index:03d}.{ending}"
                write_photo(path, label % 2, base + 100 * label + index)
    return folder


def base_settings(base: str, weights: str, **changed: Any) -> Settings:
    """Settings of a small run with this base and its weights."""
    return Settings.from_mapping(
        {"base": base, "base_weights": weights, "image_size": [SIDE, SIDE], **changed}
    )


def start(folder: Path, photos: Path, **settings: Any) -> subprocess.Popen[str]:
    """Start the job as a process in `folder`."""
    folder.mkdir(exist_ok=True)
    chosen = {"data": str(photos), "image_size": [SIDE, SIDE], "batch_size": 16}
    chosen |= {"plots": False, "exports": ["keras"], **settings}
    root = Path(__file__).parents[2]
    environment = os.environ | {"KITCTL_OVERRIDES": json.dumps(chosen), "PYTHONPATH": str(root)}
    return subprocess.Popen(
        COMMAND, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip


def kill_when(run: subprocess.Popen[str], line_begins: str) -> None:
    """Kill the run as soon as it has printed a line with this beginning."""
    assert run.stdout is not None
    seen = any(line.startswith(line_begins) for line in run.stdout)
    assert seen, f"the run ended without a line {line_begins!r}"
    run.send_signal(signal.SIGKILL)
    run.communicate()


def finish(run: subprocess.Popen[str], folder: Path) -> tuple[Run, str]:
    """Wait for the end of the run; return its outputs and what it printed."""
    output, _ = run.communicate()
    return Run(folder, run.returncode), output
