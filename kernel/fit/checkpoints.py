"""Where a fit stands, kept after every epoch so that a killed run goes on from there."""

import hashlib
import io
import json
import math
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kernel.files import atomic_write

FOLDER = Path(".resume")


@dataclass
class Progress:
    """The epochs of one stage that are done: metrics as Keras names them, and seconds."""

    stage: str
    history: dict[str, list[Any]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    resumed_from: int | None = None

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.seconds)

    def add(self, metrics: dict[str, float], seconds: float) -> None:
        """One more epoch."""
        for name, value in metrics.items():
            self.history.setdefault(name, []).append(value)
        self.seconds.append(seconds)

    def is_finite(self) -> bool:
        """Whether the newest epoch's metrics are all numbers."""
        return all(math.isfinite(values[-1]) for values in self.history.values())


def fingerprint(*parts: Any) -> str:
    """Identity of what a fit depends on: a state under another one is not gone on with."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoints:
    """The saved states of a run's stages, one file each."""

    identity: str
    folder: Path = FOLDER

    def save(self, model: Any, progress: Progress) -> None:
        """Keep the model, its optimizer and the history; the older state stays until then."""
        self.save_state(_state(model), progress)

    def restore(self, model: Any, stage: str) -> Progress:
        """Put the stage's saved state into `model`; an empty `Progress` if there is none."""
        return self.restore_state(_state(model), stage)

    def save_state(self, variables: list[Any], progress: Progress) -> None:
        """Keep the variables and the history."""
        words = json.dumps({"identity": self.identity, **asdict(progress)}).encode()
        arrays = {f"v{i}": v.numpy() for i, v in enumerate(variables)}
        with atomic_write(self._path(progress.stage)) as part, part.open("wb") as out:
            np.savez(out, words=np.frombuffer(words, dtype=np.uint8), **arrays)

    def restore_state(self, variables: list[Any], stage: str) -> Progress:
        """Put the stage's saved state into the variables; empty `Progress` if there is none."""
        path = self._path(stage)
        if not path.exists():
            return Progress(stage)
        # Read whole: the file is replaced while the run goes on.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as saved:
            words = json.loads(saved["words"].tobytes())
            if words.pop("identity") != self.identity:
                return Progress(stage)
            for index, variable in enumerate(variables):
                variable.assign(saved[f"v{index}"])
        progress = Progress(**words)
        progress.resumed_from = progress.epochs
        return progress

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.npz"


def clear() -> None:
    """The run is over: nothing is left to go on with."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def _state(model: Any) -> list[Any]:
    """All that a fit changes: weights, random generators' states, the optimizer's moments."""
    return [*model.variables, *model.optimizer.variables]
