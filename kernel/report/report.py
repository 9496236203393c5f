"""The report on a run: run.json and metrics.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from kernel import accelerators, session
from kernel.data.photos import PhotoSet
from kernel.report import artifacts, curve_verdict
from kernel.report.scores import Scores
from kernel.session import Job, Phases
from kernel.settings.settings import Settings

if TYPE_CHECKING:
    from kernel.fit.classifier import TrainingResult
    from kernel.fit.sweep import SweepHead


@dataclass
class Report:
    """The facts about a run, collected while it goes on."""

    job: Job
    settings: Settings
    phases: Phases = field(default_factory=Phases)
    gpu_use: accelerators.UseSampler = field(default_factory=accelerators.UseSampler)
    flags: dict[str, Any] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    visible: int = 0
    photo_set: PhotoSet | None = None
    base_description: str = ""
    heads: "list[SweepHead]" = field(default_factory=list)
    changed_settings: dict[str, Any] = field(init=False)
    """The settings that have not their defaults, before the run itself fills in others."""

    def __post_init__(self) -> None:
        defaults = Settings().as_dict()
        self.changed_settings = {
            name: value
            for name, value in self.settings.as_dict().items()
            if value != defaults[name]
        }

    def write(
        self,
        result: "TrainingResult | None",
        stopped_because: str | None,
        scores: Scores | None = None,
    ) -> dict[str, Any]:
        """Write run.json and metrics.json; return the content of run.json.

        `result` is None for a run that ended before its training. `scores` are the model's.
        """
        metrics = final_metrics(result) | (scores.as_metrics() if scores else {})
        run = {
            "schema": "kitctl-run/1",
            "status": "stopped" if stopped_because else "complete",
            "stopped_because": stopped_because,
            "script_sha256": self.job.script_sha256,
            "kit_version": self.job.kit_version,
            "settings": self.settings.as_dict(),
            "changed_settings": self.changed_settings,
            "overrides": dict(self.job.overrides),
            "started_at": _iso(session.STARTED_AT),
            "ended_at": _iso(datetime.now(UTC)),
            "seconds": {"total": session.elapsed(), **self.phases.seconds},
            **self._training(result, stopped_because, scores),
            "accelerator": {
                "asked": self.job.accelerator,
                "devices": self.devices,
                "visible": self.visible,
            },
            "versions": session.versions() if self.flags else {},
            "flags": self.flags,
            **self._photos(),
            "base": self.base_description,
            "heads": [{"settings": head.varied, "metrics": head.metrics()} for head in self.heads],
            "gpu_use": self.gpu_use.as_dict(),
            "metrics": metrics,
        }
        artifacts.write_json("metrics.json", metrics)
        artifacts.write_json("run.json", run)
        return run

    def _training(
        self,
        result: "TrainingResult | None",
        stopped_because: str | None,
        scores: Scores | None,
    ) -> Mapping[str, Any]:
        epochs_planned = self.settings.epochs + self.settings.fine_tune_epochs
        seconds = result.seconds if result else []
        epoch_seconds = median(seconds) if seconds else None
        # A run that used up its time limit saved nothing.
        ended_early = stopped_because not in (None, "time_limit")
        epochs_left = epochs_planned - len(seconds)
        features = result.features if result else None
        return {
            "epoch_seconds": epoch_seconds,
            "epochs": len(seconds),
            "epochs_asked": epochs_planned,
            "resumed_from_epoch": result.resumed_from if result else None,
            "saved_seconds": epochs_left * epoch_seconds if ended_early and epoch_seconds else 0,
            "reading": self._curve_verdict(result, scores),
            "feature_store": features.as_dict() if features else None,
            "photos_per_second": self._photos_per_second(result, epoch_seconds),
        }

    def _curve_verdict(
        self, result: "TrainingResult | None", scores: Scores | None
    ) -> dict[str, Any] | None:
        if result is None:
            return None
        return curve_verdict.judge(result.history, chance_loss(result), scores).as_dict()

    def _photos_per_second(
        self, result: "TrainingResult | None", epoch_seconds: float | None
    ) -> float | None:
        """Return photos through the base per second: in the feature pass, else in an epoch."""
        if result is None or self.photo_set is None:
            return None
        if result.features is not None:
            rows = result.features.train.size + result.features.valid.size
            seconds = result.features.base_seconds
            return rows / seconds if seconds else None
        photos = len(self.photo_set.train) + len(self.photo_set.valid)
        return photos / epoch_seconds if epoch_seconds else None

    def _photos(self) -> dict[str, Any]:
        if self.photo_set is None:
            return {"photos": {}, "skipped_photos": []}
        return {
            "photos": {
                "train": self.photo_set.train.counts(),
                "valid": self.photo_set.valid.counts(),
            },
            "skipped_photos": [asdict(photo) for photo in self.photo_set.skipped],
        }


def chance_loss(result: "TrainingResult") -> float:
    """Return the validation loss of guessing every photo by the shares of the classes.

    They are those of the training photos, or equal ones where class_weight makes them so.
    """
    import keras
    import numpy as np

    from kernel.fit import training
    from kernel.model import heads

    settings, train, valid = result.settings, result.photo_set.train, result.photo_set.valid
    classes = len(train.class_names)
    shares = np.bincount(train.labels, minlength=classes) / len(train)
    if settings.class_weight == "balanced":
        shares = np.full(classes, 1 / classes)
    guess = shares[1:] if settings.label_mode == "binary" else shares
    targets = training.targets(valid, settings.label_mode, classes)
    guesses = np.tile(guess.astype(np.float32), (len(valid), 1))
    loss = keras.losses.get(heads.loss_name(settings))(targets, guesses)
    return float(np.mean(loss))


def final_metrics(result: "TrainingResult | None") -> dict[str, Any]:
    """Return the last epoch's metrics, those of the best epoch, and whose weights the model has."""
    if result is None or not result.seconds:
        return {}
    metrics: dict[str, Any] = {name: values[-1] for name, values in result.history.items()}
    metrics |= {"keep": result.settings.keep, "model_epoch": result.model_epoch}
    losses = [loss for loss in result.history["val_loss"] if loss == loss]  # not NaN
    if losses:
        best = result.history["val_loss"].index(min(losses))
        metrics["best_epoch"] = best + 1
        metrics |= {
            f"best_{name}": values[best]
            for name, values in result.history.items()
            if name.startswith("val_")
        }
    return metrics


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
