"""The line below a followed log."""

from __future__ import annotations

from datetime import datetime

from kitctl.domain.results.run_progress import RunProgress
from kitctl.render.live_line import fitted, progress_parts

NOW = datetime(2026, 11, 26, 19, 30)


def parts(*lines: str) -> list[str]:
    progress = RunProgress()
    for number, text in enumerate(lines, 1):
        progress.read(41.0 * number, text)
    return progress_parts(progress, uses_quota=True, now=NOW)


def test_the_line_says_epoch_metric_end_pace_and_quota() -> None:
    shown = parts("epoch 1/30 val_accuracy 0.83", "epoch 2/30 val_accuracy 0.81")
    assert shown == [
        "epoch 2/30",
        "val_accuracy 0.8100 (best 0.8300 at 1)",
        "ends about 19:49",
        "41 s an epoch",
        "0.0 h of quota",
    ]


def test_a_narrow_window_drops_the_last_parts_and_never_breaks_the_line() -> None:
    shown = parts(*(f"epoch {n}/30 val_accuracy 0.{n}" for n in range(1, 5)))
    assert fitted(shown, 30) == "epoch 4/30 · ends about 19:47"
    assert all(len(fitted(shown, width)) <= width for width in range(1, 200))
