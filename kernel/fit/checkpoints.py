"""Checkpoints after the epochs, from which a killed run is resumed, here or in another session."""

import hashlib
import io
import json
import math
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kernel import session
from kernel.files import atomic_write

FOLDER = Path(".resume")
# What reading one raises that a kill, a full disk or another program has damaged.
DAMAGE = (
    *(OSError, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)
_TRAINING_PER_SAVING = 10  # seconds of training per second of saving, at least

# kitctl's contract with jobs that take several sessions: a file that says that there is more to do.
UNFINISHED = "UNFINISHED.txt"


@dataclass
class BestEpoch:
    """The weights after the epoch with the lowest validation loss; epoch 0 if there is none.

    The epoch is counted over all stages.
    """

    epoch: int = 0
    val_loss: float = math.inf
    weights: list[np.ndarray[Any, Any]] = field(default_factory=list)


@dataclass
class Progress:
    """The finished epochs of one stage: metrics as Keras names them, and seconds.

    `best` is the best epoch until now, also of the stages before.
    """

    stage: str
    history: dict[str, list[Any]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    resumed_from: int | None = None
    best: BestEpoch = field(default_factory=BestEpoch)

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.seconds)

    def add(self, metrics: dict[str, float], seconds: float) -> None:
        """Add an epoch's metrics and duration."""
        for name, value in metrics.items():
            self.history.setdefault(name, []).append(value)
        self.seconds.append(seconds)

    def is_finite(self) -> bool:
        """Return whether all metrics of the last epoch are finite numbers."""
        return all(math.isfinite(values[-1]) for values in self.history.values())


def fingerprint(*parts: Any) -> str:
    """Return a digest of what the training depends on; no other one's checkpoint is resumed."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run's stages, a file each."""

    identity: str
    folder: Path = FOLDER

    def save(self, model: Any, progress: Progress) -> None:
        """Save the model, its optimizer and the progress in place of the stage's checkpoint."""
        self.save_state(_variables(model), progress)

    def restore(self, model: Any, stage: str) -> Progress:
        """Load the stage's checkpoint into `model`; return its progress, empty without one."""
        return self.restore_state(_variables(model), stage)

    def save_state(self, variables: list[Any], progress: Progress) -> None:
        """Save the variables and the progress in place of the stage's checkpoint."""
        fields = asdict(replace(progress, best=replace(progress.best, weights=[])))
        text = json.dumps({"identity": self.identity, **fields}).encode()
        arrays = {f"v{i}": v.numpy() for i, v in enumerate(variables)}
        arrays |= {f"best{i}": array for i, array in enumerate(progress.best.weights)}
        with atomic_write(self._path(progress.stage)) as part, part.open("wb") as out:
            np.savez(out, words=np.frombuffer(text, dtype=np.uint8), **arrays)
        self._mark_unfinished(progress)

    def restore_state(self, variables: list[Any], stage: str) -> Progress:
        """Load the stage's checkpoint into `variables`; return its progress, empty without one.

        One of the session before is taken over: the next one goes on from this session's outputs,
        also where it comes no further.
        """
        path = self._newest(stage)
        if path is None:
            return Progress(stage)
        # Read into memory, because the file is replaced while the run goes on.
        content = path.read_bytes()
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as saved:
                arrays = {name: saved[name] for name in saved.files}
            fields = json.loads(arrays["words"].tobytes())
            if fields.pop("identity") != self.identity:
                return Progress(stage)
            values = [arrays[f"v{index}"] for index in range(len(variables))]
            if any(
                value.shape != each.shape for value, each in zip(values, variables, strict=True)
            ):
                raise ValueError("it is of another model")
        except DAMAGE as error:
            session.say(f"{path} is damaged ({error}): {stage} is trained from its first epoch")
            return Progress(stage)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        count = sum(name.startswith("best") for name in arrays)
        best = fields.pop("best") | {"weights": [arrays[f"best{i}"] for i in range(count)]}
        progress = Progress(**fields, best=BestEpoch(**best))
        if path != self._path(stage):
            with atomic_write(self._path(stage)) as part:
                part.write_bytes(content)
            self._mark_unfinished(progress)
        progress.resumed_from = progress.epochs
        return progress

    def _mark_unfinished(self, progress: Progress) -> None:
        text = f"{progress.stage}, epoch {progress.epochs}\n"
        (self.folder.parent / UNFINISHED).write_text(text, encoding="utf-8")

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.npz"

    def _newest(self, stage: str) -> Path | None:
        """Return the stage's checkpoint of this session, else that of the session before."""
        paths = [self._path(stage)]
        if earlier := os.environ.get(session.EARLIER_OUTPUTS):
            paths.append(Path(earlier, self._path(stage)))
        return next((path for path in paths if path.exists()), None)


@dataclass
class SavingPace:
    """Saves only as often as costs a small share of the training's time."""

    _last: float = field(default_factory=time.monotonic)
    _seconds: float = 0.0

    @property
    def is_due(self) -> bool:
        """Whether enough was trained since the last saving."""
        return time.monotonic() - self._last >= _TRAINING_PER_SAVING * self._seconds

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Measure the saving in the block."""
        start = time.monotonic()
        yield
        self._last = time.monotonic()
        self._seconds = self._last - start


def identity_of(path: Path) -> str:
    """Return the identity of the training whose checkpoint a file is; empty for a damaged one."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            return str(json.loads(saved["words"].tobytes())["identity"])
    except DAMAGE:
        return ""


def clear() -> None:
    """Remove what a finished run need not keep: nobody goes on from it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER.parent / UNFINISHED).unlink(missing_ok=True)


def _variables(model: Any) -> list[Any]:
    """Return all that training changes: weights, random states, the optimizer's moments."""
    return [*model.variables, *model.optimizer.variables]
