"""Pulls of runs whose names, sizes, manifests and reports are hostile; `make torture` has more."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from support.command_line import Kitctl
from support.hostile_runs import NAMES, HostileRun, check_pull, draw_run, serve_run
from support.local_kaggle import LocalKaggle


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kitctl.operations.pulling.fetch_files.LONGEST_PAUSE_SECONDS", 0.01)


@pytest.mark.parametrize("seed", range(6))
def test_a_hostile_run_is_pulled_without_harm(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path, seed: int
) -> None:
    run = draw_run(Random(seed), names=25)
    serve_run(run, local_kaggle, "hostile")
    out = tmp_path / "deep" / "out"
    check_pull(run, kitctl, "hostile", out, "--json")
    check_pull(run, kitctl, "hostile", out)


def test_every_hostile_name_at_once_is_pulled_without_harm(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    outputs = [{"fileName": name} for name in NAMES]
    run = HostileRun(outputs, [], {}, [])
    serve_run(run, local_kaggle, "hostile")
    call = check_pull(run, kitctl, "hostile", tmp_path / "deep" / "out", "--json")
    assert call.code == 5
    assert len(call.envelope["data"]["files"]) > 20
