"""A fit ends early when going on would only cost hours."""

from typing import Any

import pytest

from kernel import session
from kernel.fit.checkpoints import Progress
from kernel.fit.stops import StopMonitor
from kernel.settings.settings import Settings


def watch(use: float | None = None, **settings: Any) -> StopMonitor:
    return StopMonitor(
        Settings.from_mapping(settings), lambda since: use, 0.0, feeds_from_disk=True
    )


def progress(*val_losses: float) -> Progress:
    made = Progress("head")
    for loss in val_losses:
        made.add({"loss": 0.5, "val_loss": loss}, seconds=10.0)
    return made


def because(watched: StopMonitor, done: Progress) -> str | None:
    stop = watched.reason(done)
    return stop.cause if stop else None


def test_nothing_stops_a_fit_that_goes_well() -> None:
    assert because(watch(), progress(0.7, 0.6)) is None


def test_a_loss_that_is_not_a_number_stops_unless_told_not_to() -> None:
    assert because(watch(), progress(0.7, float("nan"))) == "nan_loss"
    assert because(watch(stop_on_nan=False), progress(0.7, float("nan"))) is None


def test_a_plateau_stops_after_the_epochs_that_were_granted() -> None:
    patient = watch(stop_on_plateau=2)

    assert because(patient, progress(0.7, 0.6, 0.65)) is None
    assert because(patient, progress(0.7, 0.6, 0.65, 0.64)) == "plateau"


def test_the_time_limit_leaves_time_for_the_next_epoch_and_for_saving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited = watch(time_limit=100.0)

    monkeypatch.setattr(session, "elapsed", lambda: 79.0)
    assert because(limited, progress(0.7)) is None
    monkeypatch.setattr(session, "elapsed", lambda: 81.0)
    assert because(limited, progress(0.7)) == "time_limit"


def test_an_idle_gpu_stops_a_fit_only_after_a_fair_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = watch(use=10.0, stop_below_gpu_use=0.3)

    monkeypatch.setattr(session, "elapsed", lambda: 30.0)
    assert because(idle, progress(0.7)) is None
    monkeypatch.setattr(session, "elapsed", lambda: 61.0)
    assert because(idle, progress(0.7)) == "input_bound"
    assert because(watch(use=None, stop_below_gpu_use=0.3), progress(0.7)) is None
