"""The picture of a sweep, for any grid."""

import math
from pathlib import Path

import pytest
from support.pictures import is_drawn

from kernel.report import sweep_chart

HEADS = [{"units": [units], "learning_rate": rate} for units in (6, 32) for rate in (0.1, 0.01)]


@pytest.mark.parametrize(
    ("settings", "losses"),
    [
        (HEADS, [0.5, 0.4, 0.6, math.inf]),
        (HEADS[:1], [0.5]),
        (HEADS[:2], [math.nan, math.inf]),
        ([{"name": f"$x{number}^2$"} for number in range(300)], [float(n) for n in range(300)]),
    ],
    ids=["a grid", "one head", "no finite loss", "many heads"],
)
def test_a_sweep_is_drawn(tmp_path: Path, settings: list, losses: list) -> None:
    sweep_chart.draw(settings, losses, tmp_path / "sweep.png")

    assert is_drawn(tmp_path / "sweep.png")
