"""Whatever a run's names, sizes, manifest and reports are, a pull does no harm and does not lie."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.hostile_runs import HostileRun, check_pull, draw_name, draw_run, serve_run
from support.local_kaggle import LocalKaggle

pytestmark = [pytest.mark.torture, pytest.mark.timeout(600)]

RUNS = 60
MANY = 10_000


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kitctl.operations.pulling.fetch_files.LONGEST_PAUSE_SECONDS", 0.01)


def test_hostile_runs_pulled_one_after_the_other(
    kitctl: Kitctl,
    local_kaggle: LocalKaggle,
    tmp_path: Path,
    chance: random.Random,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("hostile runs pulled", RUNS)
    for number in range(RUNS):
        local_kaggle.reset()
        run = draw_run(chance, names=chance.randrange(1, 60))
        serve_run(run, local_kaggle, "hostile")
        # Some are pulled again.
        out = tmp_path / f"deep-{number}" / "out"
        check_pull(run, kitctl, "hostile", out, "--json", "--jobs", "4")
        if chance.random() < 0.3:
            check_pull(run, kitctl, "hostile", out)


def test_ten_thousand_hostile_names(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path, chance: random.Random
) -> None:
    names = [draw_name(chance) for _ in range(MANY // 2)]
    names += [f"{number}/{name}" for number, name in enumerate(names[: MANY // 2])]
    run = HostileRun([{"fileName": name} for name in names], [], {}, [])
    serve_run(run, local_kaggle, "hostile")
    check_pull(run, kitctl, "hostile", tmp_path / "deep" / "out", "--json")
