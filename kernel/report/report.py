"""The report on a run: run.json and metrics.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from kernel import accelerators, session
from kernel.data.photos import PhotoSet
from kernel.report import artifacts, curve_verdict
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

    def write(self, result: "TrainingResult | None", stopped_because: str | None) -> dict[str, Any]:
        """Write run.json and metrics.json; return the content of run.json.

        `result` is None for a run that ended before its training.
        """
        metrics = final_metrics(result)
        run = {
            "schema": "kitctl-run/1",
            "status": "stopped" if stopped_because else "complete",
            "stopped_because": stopped_because,
            "script_sha256": self.job.script_sha256,
            "kit_version": self.job.kit_version,
            "settings": self.settings.as_dict(),
            "overrides": dict(self.job.overrides),
            "started_at": _iso(session.STARTED_AT),
            "ended_at": _iso(datetime.now(UTC)),
            "seconds": {"total": session.elapsed(), **self.phases.seconds},
            **self._training(result, stopped_because),
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
        self, result: "TrainingResult | None", stopped_because: str | None
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
            "reading": self._curve_verdict(result),
            "feature_store": features.as_dict() if features else None,
            "photos_per_second": self._photos_per_second(result, epoch_seconds),
        }

    def _curve_verdict(self, result: "TrainingResult | None") -> dict[str, Any] | None:
        if result is None or self.photo_set is None:
            return None
        classes = len(self.photo_set.train.class_names)
        return curve_verdict.judge(result.history, classes=classes).as_dict()

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


def final_metrics(result: "TrainingResult | None") -> dict[str, Any]:
    """Return the last epoch's metrics, and those of the epoch with the lowest validation loss."""
    if result is None or not result.seconds:
        return {}
    metrics: dict[str, Any] = {name: values[-1] for name, values in result.history.items()}
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
