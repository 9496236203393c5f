"""A run that was killed and started again ends like one that was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import finish, kill_when, start

# Stages, random layers and optimizer moments: all that a resumed run must restore.
HEAD_AND_FINE_TUNING = {
    "base": "convnet", "base_trainable": False, "epochs": 3, "fine_tune_epochs": 3, "dropout": 0.3,
    "fine_tune_learning_rate": 0.001,
}  # fmt: skip
WHOLE_MODEL = {
    "base": "convnet", "epochs": 4, "dropout": 0.3, "augment_flip": "horizontal",
    "augment_rotation": 0.1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "kills"),
    [
        (HEAD_AND_FINE_TUNING, ["epoch 2/6", "epoch 5/6"]),
        (WHOLE_MODEL, ["epoch 2/4"]),
    ],
    ids=["head, then fine-tuning", "whole model"],
)
def test_a_killed_run_ends_with_the_same_weights_and_a_complete_history(
    tmp_path: Path, two_classes: Path, settings: dict[str, Any], kills: list[str]
) -> None:
    for line in kills:
        kill_when(start(tmp_path / "killed", two_classes, **settings), line)
    killed, output = finish(
        start(tmp_path / "killed", two_classes, **settings), tmp_path / "killed"
    )
    whole, _ = finish(start(tmp_path / "whole", two_classes, **settings), tmp_path / "whole")

    assert (killed.code, whole.code) == (0, 0)
    assert "resumed" in output
    assert killed.record["resumed_from_epoch"] is not None
    for ours, theirs in zip(killed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert without_seconds(killed.history) == without_seconds(whole.history)
    assert not (killed.working / ".resume").exists()


def without_seconds(history: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: values for name, values in history.items() if name != "seconds"}
