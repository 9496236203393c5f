"""`predict`: ask a pulled run's model about photos, in a process without network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.data.photo_folder import PHOTO_ENDINGS
from kitctl.domain.results import run_report
from kitctl.domain.results.metrics import finite_number
from kitctl.domain.results.model_labels import ModelLabels, from_labels, from_report
from kitctl.domain.runs.counts import counted
from kitctl.errors import InvalidInput, KitError, NextCommand, RunFailed
from kitctl.operations.local_runs.local_run import INPUT_ERROR, wait_for_exit
from kitctl.operations.local_runs.scratch_folder import scratch_folder
from kitctl.operations.results.pulled_run import PulledRun
from kitctl.ports import Reporter, Runner

LABELS, ANSWERS = "labels.json", "answers.jsonl"
MODELS = ("model.keras", "model.weights.h5", "saved_model")


@dataclass(frozen=True)
class PhotoFile:
    """A photo as the user named it, and the file itself."""

    name: str
    path: Path


@dataclass(frozen=True)
class PhotoPrediction:
    """The classes of a photo with their probabilities, the likeliest first."""

    path: str
    ranked: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class UnreadablePhoto:
    """A photo without a prediction, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Predictions:
    """What a run's model says of photos. `form` is the file of the model that was loaded."""

    run: str
    form: str
    top: int
    predictions: tuple[PhotoPrediction, ...]
    unreadable: tuple[UnreadablePhoto, ...]

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with."""
        if not self.unreadable:
            return None
        total = len(self.unreadable) + len(self.predictions)
        first = self.unreadable[0]
        return InvalidInput(
            f"{len(self.unreadable)} of {counted(total, 'photo')} could not be read; the first is"
            f" {first.path}: {first.reason}.",
            code="unreadable_photos",
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "form": self.form,
            "predictions": [
                {
                    "path": photo.path,
                    "label": photo.ranked[0][0],
                    "probability": photo.ranked[0][1],
                    "top": [
                        {"label": label, "probability": share}
                        for label, share in photo.ranked[: self.top]
                    ],
                }
                for photo in self.predictions
            ],
            "unreadable": self.unreadable,
        }


def find_photos(names: Sequence[str]) -> list[PhotoFile]:
    """Return the photos of files and folders, those of a folder sorted by name.

    Raises InvalidInput where one does not exist, or there is none.
    """
    photos = [photo for name in names for photo in _photos_of(Path(name))]
    if not photos:
        raise InvalidInput(
            "There is no photo in what you named.",
            code="no_photos",
            hint=f"Photos end in {', '.join(PHOTO_ENDINGS)}.",
        )
    return photos


def predict(
    run: PulledRun,
    photos: Sequence[PhotoFile],
    *,
    top: int,
    program: bytes,
    runner: Runner,
    reporter: Reporter,
) -> Predictions:
    """Ask the run's model about photos.

    `program` is the script that loads the model and asks it, in the runner's isolation. Raises
    InvalidInput where the run left no model that can be asked, RunFailed where the program fails.
    """
    labels = _labels(run)
    # Beside the results, whose disk has room, and where the next call finds what a kill has left.
    place = run.folder.resolve()
    with scratch_folder(place.with_name(f"{place.name}.predict")) as scratch:
        lines = _run_program(run, photos, labels, scratch, program, runner, reporter)
    return _predictions(run, labels, lines, photos, top)


def _photos_of(path: Path) -> Iterator[PhotoFile]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in PHOTO_ENDINGS and file.is_file():
                yield PhotoFile(str(file), file.resolve())
        return
    if not path.exists():
        raise InvalidInput(
            f"There is no file {path}.", code="no_photo", hint="Name photos or folders of photos."
        )
    yield PhotoFile(str(path), path.resolve())


def _labels(run: PulledRun) -> ModelLabels:
    if not any((run.folder / form).exists() for form in MODELS):
        raise InvalidInput(
            f"{run.name} left no model to ask.",
            code="no_model",
            hint=f"It would be {', '.join(MODELS[:-1])} or {MODELS[-1]}/ in {run.folder}.",
        )
    try:
        content = run_report.read_object((run.folder / LABELS).read_bytes())
    except OSError:
        content = {}
    labels = from_labels(content) or from_report(run.summary.report)
    if labels is None:
        raise InvalidInput(
            f"Neither {LABELS} nor run.json of {run.name} says which classes its model has.",
            code="no_labels",
            hint=NextCommand("pull-results", note="fetches what is missing"),
        )
    return labels


def _run_program(
    run: PulledRun,
    photos: Sequence[PhotoFile],
    labels: ModelLabels,
    scratch: Path,
    program: bytes,
    runner: Runner,
    reporter: Reporter,
) -> list[str]:
    """Run the program and return the lines that it wrote."""
    folders = list(dict.fromkeys(photo.path.parent for photo in photos))
    request = {
        "model": labels.request(),
        "photos": [
            {"path": photo.name, "file": f"{folders.index(photo.path.parent)}/{photo.path.name}"}
            for photo in photos
        ],
    }
    request_folder = scratch / "request"
    request_folder.mkdir()
    (request_folder / "request.json").write_text(json.dumps(request), "utf-8")
    mounts = {
        "datasets/kitctl/model": run.folder.resolve(),
        "datasets/kitctl/request": request_folder,
        **{f"datasets/photos/{number}": folder for number, folder in enumerate(folders)},
    }
    last = [""]
    with reporter.progress("Predicting", total=len(photos), unit="photos") as bar:

        def note(stream: str, line: str, seconds: float) -> None:
            if stream == "stdout" and line.strip() == "predicted":
                bar.advance()
            elif line.strip():
                last[0] = line.strip()

        process = runner(
            scratch / "run", program, mounts, environment={}, internet=False, on_line=note
        )
        code = wait_for_exit(process)
    if code:
        kind = InvalidInput if code == INPUT_ERROR else RunFailed
        raise kind(
            f"The model of {run.name} cannot be asked: {last[0].removeprefix('error: ')}",
            code="model_not_loaded",
        )
    try:
        return (scratch / "run" / "working" / ANSWERS).read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:  # The model itself may have ended the program.
        raise RunFailed(
            f"The model of {run.name} was loaded, and gave no answer.", code="model_not_loaded"
        ) from None


def _predictions(
    run: PulledRun, labels: ModelLabels, lines: Sequence[str], photos: Sequence[PhotoFile], top: int
) -> Predictions:
    """Read the answers; they come from a process that a model of others may have disturbed."""
    form = ""
    answers: dict[str, dict[str, Any]] = {}
    for line in lines:
        answer = run_report.read_object(line.encode())
        form = str(answer.get("form", form))
        answers[str(answer.get("path"))] = answer
    predictions, unreadable = [], []
    for photo in photos:
        answer = answers.get(photo.name, {})
        outputs = answer.get("outputs")
        numbers = [finite_number(value) for value in outputs] if isinstance(outputs, list) else []
        if numbers and None not in numbers:
            shares = [number for number in numbers if number is not None]
            predictions.append(PhotoPrediction(photo.name, tuple(labels.ranked(shares))))
        else:
            reason = str(answer.get("reason", "the model gave no answer")).rstrip(".")
            unreadable.append(UnreadablePhoto(photo.name, reason))
    return Predictions(run.name, form, top, tuple(predictions), tuple(unreadable))
