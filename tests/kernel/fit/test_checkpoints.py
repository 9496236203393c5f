"""A checkpoint brings back a model, its optimizer and its progress, or nothing of another run's."""

import itertools
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kernel.fit.checkpoints import Checkpoints, Progress, fingerprint


def model(seed: int) -> Any:
    keras.utils.set_random_seed(seed)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    made.compile("adam", "mse")
    made.optimizer.build(made.trainable_variables)
    return made


def progress_of(*losses: float) -> Progress:
    progress = Progress("head")
    for loss in losses:
        progress.add({"loss": loss}, seconds=1.5)
    return progress


def test_a_restored_model_has_the_saved_weights_optimizer_and_progress(tmp_path: Path) -> None:
    saved, restored = model(1), model(2)
    saved.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    checkpoints = Checkpoints("same run", tmp_path)
    checkpoints.save(saved, progress_of(0.5, 0.1 + 0.2))

    progress = checkpoints.restore(restored, "head")

    for a, b in zip(saved.variables, restored.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(saved.optimizer.variables, restored.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert progress.history == {"loss": [0.5, 0.1 + 0.2]}
    assert (progress.epochs, progress.resumed_from, progress.seconds) == (2, 2, [1.5, 1.5])


def test_the_checkpoint_of_another_run_or_stage_is_not_restored(tmp_path: Path) -> None:
    Checkpoints("one run", tmp_path).save(model(1), progress_of(0.5))
    target = model(2)
    before = target.get_weights()

    assert Checkpoints("another run", tmp_path).restore(target, "head") == Progress("head")
    assert Checkpoints("one run", tmp_path).restore(target, "fine_tune") == Progress("fine_tune")

    for a, b in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("length", [0, 300, -1])
def test_a_damaged_checkpoint_is_said_and_its_stage_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], length: int
) -> None:
    Checkpoints("one run", tmp_path).save(model(1), progress_of(0.5))
    file = tmp_path / "head.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content if length < 0 else content[:length])
    target = model(2)
    before = target.get_weights()
    assert Checkpoints("one run", tmp_path).restore(target, "head") == Progress("head")
    assert "head.npz is damaged" in capsys.readouterr().out
    for a, b in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_progress_is_finite_while_the_last_epoch_is() -> None:
    assert progress_of(math.inf, 0.5).is_finite()
    assert not progress_of(0.5, math.nan).is_finite()


def test_a_fingerprint_depends_on_every_part() -> None:
    assert fingerprint({"epochs": 3}, "a") == fingerprint({"epochs": 3}, "a")
    assert len({fingerprint({"epochs": 3}, "a"), fingerprint({"epochs": 3}, "b")}) == 2


def test_a_session_that_comes_no_further_leaves_what_it_got_for_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [tmp_path / name for name in ("first", "second", "third")]
    for folder in sessions:
        folder.mkdir()
    monkeypatch.chdir(sessions[0])
    Checkpoints("same run").save(model(1), progress_of(0.5, 0.25))
    for before, folder in itertools.pairwise(sessions):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("KITCTL_RESUME", str(before))
        assert Checkpoints("same run").restore(model(2), "head").epochs == 2
        assert Path("UNFINISHED.txt").read_text("utf-8") == "head, epoch 2\n"
