"""The shipped job, trained over five sessions of a chain, ends like one long session."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.command_line import METADATA, Kitctl
from support.kernel_runs import Run, write_split
from support.source_files import PROJECT

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

EPOCHS = 5
# Random layers, augmentation and the optimizer's state: all that a session must take over.
SETTINGS = {
    "data": "ada/photos", "base": "convnet", "epochs": EPOCHS, "dropout": 0.3,
    "augment_flip": "horizontal", "image_size": [32, 32], "batch_size": 16, "plots": False,
}  # fmt: skip


def test_five_sessions_of_a_chain_end_with_the_weights_of_one_long_session(
    kitctl: Kitctl, project: Path, tmp_path: Path
) -> None:
    write_split(tmp_path / "photos", ("Car", "Truck"), 22, 9)
    copy_of_job(project)
    source = f'[tool.kitctl.sources]\n"ada/photos" = "{tmp_path / "photos"}"\n'
    (project / "pyproject.toml").write_text(source, "utf-8")
    metadata = METADATA | {"code_file": "kernel/main.py", "dataset_sources": ["ada/photos"]}
    (project / "kernel-metadata.json").write_text(json.dumps(metadata), "utf-8")
    chosen = [f"--set={name}={json.dumps(value)}" for name, value in SETTINGS.items()]

    chain = kitctl("push", "--local", "--until-done", "--json", "--set=time_limit=0.1", *chosen)
    assert chain.code == 0, chain.out
    assert [run["session"] for run in chain.data["runs"]] == [1, 2, 3, 4, 5]
    chained = pulled(kitctl)
    assert kitctl("push", "--local", "--follow", *chosen).code == 0
    whole = pulled(kitctl)

    assert len(chained.history["epoch"]) == EPOCHS
    for ours, theirs in zip(chained.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def copy_of_job(project: Path) -> None:
    """Copy the job; its time limit ends each session after one epoch, on a machine of any speed."""
    shutil.copytree(PROJECT / "kernel", project / "kernel")
    stops = project / "kernel" / "fit" / "stops.py"
    text = stops.read_text("utf-8")
    by_the_clock = "if session.elapsed() + needed <= limit:"
    assert by_the_clock in text
    by_epochs = "if progress.epochs == (progress.resumed_from or 0):"
    stops.write_text(text.replace(by_the_clock, by_epochs), "utf-8")


def pulled(kitctl: Kitctl) -> Run:
    """Pull the newest run; it must be whole, by its own manifest."""
    call = kitctl("pull-results", "--local", "--json")
    assert call.data["verified"]
    return Run(Path(call.data["out"]), call.code)
