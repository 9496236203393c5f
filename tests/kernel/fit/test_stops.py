"""The training ends early when more epochs would only waste hours."""

from typing import Any

import pytest

from kernel import session
from kernel.fit.checkpoints import Progress
from kernel.fit.stops import StopMonitor
from kernel.settings.settings import Settings


def monitor(use: float | None = None, **settings: Any) -> StopMonitor:
    return StopMonitor(
        Settings.from_mapping(settings), lambda since: use, 0.0, feeds_from_disk=True
    )


def progress(*val_losses: float) -> Progress:
    result = Progress("head")
    for loss in val_losses:
        result.add({"loss": 0.5, "val_loss": loss}, seconds=10.0)
    return result


def cause_of_stop(monitor: StopMonitor, progress: Progress) -> str | None:
    stop = monitor.reason_to_stop(progress)
    return stop.cause if stop else None


def test_nothing_stops_a_training_that_improves() -> None:
    assert cause_of_stop(monitor(), progress(0.7, 0.6)) is None


def test_a_loss_that_is_not_a_number_stops_unless_the_settings_forbid_it() -> None:
    assert cause_of_stop(monitor(), progress(0.7, float("nan"))) == "nan_loss"
    assert cause_of_stop(monitor(stop_on_nan=False), progress(0.7, float("nan"))) is None


def test_a_plateau_stops_after_the_epochs_that_the_settings_allow() -> None:
    patient = monitor(stop_on_plateau=2)

    assert cause_of_stop(patient, progress(0.7, 0.6, 0.65)) is None
    assert cause_of_stop(patient, progress(0.7, 0.6, 0.65, 0.64)) == "plateau"


def test_the_time_limit_reserves_time_for_the_next_epoch_and_for_saving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited = monitor(time_limit=100.0)

    monkeypatch.setattr(session, "elapsed", lambda: 79.0)
    assert cause_of_stop(limited, progress(0.7)) is None
    monkeypatch.setattr(session, "elapsed", lambda: 81.0)
    assert cause_of_stop(limited, progress(0.7)) == "time_limit"


def test_an_idle_gpu_stops_the_training_only_after_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    idle = monitor(use=10.0, stop_below_gpu_use=0.3)

    monkeypatch.setattr(session, "elapsed", lambda: 30.0)
    assert cause_of_stop(idle, progress(0.7)) is None
    monkeypatch.setattr(session, "elapsed", lambda: 61.0)
    assert cause_of_stop(idle, progress(0.7)) == "input_bound"
    assert cause_of_stop(monitor(use=None, stop_below_gpu_use=0.3), progress(0.7)) is None
