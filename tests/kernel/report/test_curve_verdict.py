"""The verdict on learning curves, on curves made up for it."""

import json
import math

import numpy as np
import pytest

from kernel.report.curve_verdict import judge
from kernel.report.scores import score

EPOCHS = range(30)


def falling(start: float, end: float, pace: float = 5.0) -> list[float]:
    return [end + (start - end) * math.exp(-epoch / pace) for epoch in EPOCHS]


def oscillating(values: list[float], width: float) -> list[float]:
    return [value + width * math.sin(2.4 * epoch) for epoch, value in enumerate(values)]


VGG16_LIKE = {
    "loss": falling(0.7, 0.05),
    "val_loss": [value + 0.012 * epoch for epoch, value in enumerate(falling(0.65, 0.4, pace=4.0))],
}
INCEPTIONV1_LIKE = {
    "loss": oscillating(falling(0.69, 0.43), 0.003),
    "val_loss": oscillating(falling(0.68, 0.45), 0.004),
}


def test_validation_loss_that_turns_while_training_loss_falls_is_overfitting() -> None:
    verdict = judge(VGG16_LIKE)
    assert verdict.verdict == "overfits"
    assert verdict.trend == "rising"
    best = VGG16_LIKE["val_loss"].index(min(VGG16_LIKE["val_loss"])) + 1
    assert verdict.best_epoch == best
    assert f"epoch {best}" in verdict.words


def test_a_wide_gap_is_overfitting_even_when_validation_loss_never_turns() -> None:
    verdict = judge({"loss": falling(0.7, 0.05), "val_loss": falling(0.7, 0.4)})
    assert verdict.verdict == "overfits"
    assert verdict.gap == pytest.approx(0.35, abs=0.01)


def test_close_curves_at_a_high_loss_are_underfitting() -> None:
    verdict = judge(INCEPTIONV1_LIKE)
    assert verdict.verdict == "underfits"
    assert verdict.trend == "flat"
    assert "capacity" in verdict.words


def test_close_curves_at_a_low_loss_fit() -> None:
    verdict = judge({"loss": falling(0.69, 0.10), "val_loss": falling(0.69, 0.14)})
    assert verdict.verdict == "fits"


def test_a_high_loss_that_still_falls_suggests_more_epochs_first() -> None:
    line = [0.69 - 0.008 * epoch for epoch in EPOCHS]
    verdict = judge({"loss": line, "val_loss": line})
    assert (verdict.verdict, verdict.trend, verdict.gap) == ("underfits", "falling", 0.0)
    assert verdict.trend_per_epoch == pytest.approx(-0.008)
    assert "Train longer" in verdict.words


def test_a_loss_at_chance_is_called_guessing_for_any_number_of_classes() -> None:
    for classes in (2, 20):
        chance = math.log(classes)
        flat = [chance] * 30
        verdict = judge({"loss": flat, "val_loss": flat}, chance)
        assert verdict.verdict == "underfits"
        assert "no better than guessing" in verdict.words


def test_the_same_gap_is_wide_for_two_classes_and_narrow_for_twenty() -> None:
    history = {"loss": falling(0.7, 0.2), "val_loss": falling(0.8, 0.5)}
    assert judge(history, math.log(2)).verdict == "overfits"
    assert judge(history, math.log(20)).verdict == "fits"


def test_a_model_that_takes_every_photo_for_the_frequent_class_does_not_fit() -> None:
    chances = np.linspace(0.9, 0.99, 100)
    scores = score([0] * 5 + [1] * 95, chances, ("Car", "Truck"))
    verdict = judge({"loss": falling(0.4, 0.08), "val_loss": falling(0.4, 0.09)}, 0.199, scores)

    assert verdict.verdict == "underfits"
    assert "all photos are taken for Truck, and balanced accuracy is 0.500" in verdict.words


def test_a_head_that_answers_the_same_to_every_photo_is_dead_and_the_verdict_says_what_helps() -> (
    None
):
    scores = score([0, 1, 1], [0.6, 0.6, 0.6], ("Car", "Truck"))
    verdict = judge({"loss": [0.64] * 5, "val_loss": [0.64] * 5}, 0.6365, scores)

    assert verdict.verdict == "dead"
    assert "units = [64]" in verdict.words


def test_noise_alone_is_no_trend_and_no_overfitting() -> None:
    noisy = [0.30 + 0.08 * (-1) ** (epoch * (epoch + 1) // 2) for epoch in EPOCHS]
    verdict = judge({"loss": [0.25] * 30, "val_loss": noisy})
    assert verdict.trend == "flat"
    assert verdict.verdict == "fits"


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_divergence_and_the_epochs_before_it_are_judged(
    broken: float,
) -> None:
    verdict = judge({"loss": [0.7, 0.6, broken, broken], "val_loss": [0.7, 0.65, 0.6, broken]})
    assert verdict.verdict == "diverged"
    assert verdict.best_epoch == 2
    assert "epoch 3" in verdict.words
    assert "NaN" not in json.dumps(verdict.as_dict(), allow_nan=False)


def test_divergence_in_the_first_epoch_leaves_no_losses() -> None:
    verdict = judge({"loss": [math.nan], "val_loss": [math.nan]})
    assert (verdict.verdict, verdict.best_epoch, verdict.gap) == ("diverged", None, None)


def test_one_epoch_is_too_short_for_a_verdict() -> None:
    verdict = judge({"loss": [0.6], "val_loss": [0.62]})
    assert (verdict.verdict, verdict.best_epoch) == ("too_short", 1)
    assert verdict.gap == pytest.approx(0.02)


def test_without_validation_loss_there_is_no_verdict_on_the_fit() -> None:
    verdict = judge({"loss": falling(0.7, 0.1)})
    assert (verdict.verdict, verdict.val_loss, verdict.best_epoch) == ("unvalidated", None, 30)


def test_a_history_without_an_epoch_raises_nothing() -> None:
    assert judge({"loss": [], "val_loss": []}).best_epoch is None


def test_a_loss_that_exploded_is_called_diverged_and_one_that_falls_from_high_is_not() -> None:
    exploded = [0.7, 0.9, 40.0, 300.0, 80.0, 500.0]
    verdict = judge({"loss": exploded, "val_loss": exploded})
    assert verdict.verdict == "diverged" and "Lower the learning rate" in verdict.words
    falling = [9.0, 8.6, 7.9, 7.1, 6.2, 5.4]
    assert judge({"loss": falling, "val_loss": falling}).verdict == "underfits"


def test_a_low_validation_loss_is_no_underfitting_though_training_lags_behind() -> None:
    loss, val_loss = [0.69, 0.6, 0.5, 0.45], [0.6, 0.4, 0.2, 0.1]
    assert judge({"loss": loss, "val_loss": val_loss}).verdict == "fits"
