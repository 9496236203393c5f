"""The reading of learning curves, on curves drawn by hand."""

import json
import math

import pytest

from kernel.report.curve_verdict import compare, read

EPOCHS = range(30)


def falling(start: float, end: float, pace: float = 5.0) -> list[float]:
    return [end + (start - end) * math.exp(-epoch / pace) for epoch in EPOCHS]


def wavering(values: list[float], width: float) -> list[float]:
    return [value + width * math.sin(2.4 * epoch) for epoch, value in enumerate(values)]


VGG16_LIKE = {
    "loss": falling(0.7, 0.05),
    "val_loss": [value + 0.012 * epoch for epoch, value in enumerate(falling(0.65, 0.4, pace=4.0))],
}
INCEPTIONV1_LIKE = {
    "loss": wavering(falling(0.69, 0.43), 0.003),
    "val_loss": wavering(falling(0.68, 0.45), 0.004),
}


def test_validation_loss_that_turns_while_training_loss_falls_is_overfitting() -> None:
    reading = read(VGG16_LIKE)
    assert reading.verdict == "overfits"
    assert reading.trend == "rising"
    best = VGG16_LIKE["val_loss"].index(min(VGG16_LIKE["val_loss"])) + 1
    assert reading.best_epoch == best
    assert f"epoch {best}" in reading.words


def test_a_wide_gap_is_overfitting_even_when_validation_loss_never_turns() -> None:
    reading = read({"loss": falling(0.7, 0.05), "val_loss": falling(0.7, 0.4)})
    assert reading.verdict == "overfits"
    assert reading.gap == pytest.approx(0.35, abs=0.01)


def test_close_curves_at_a_high_loss_are_underfitting() -> None:
    reading = read(INCEPTIONV1_LIKE)
    assert reading.verdict == "underfits"
    assert reading.trend == "flat"
    assert "capacity" in reading.words


def test_close_curves_at_a_low_loss_fit() -> None:
    reading = read({"loss": falling(0.69, 0.10), "val_loss": falling(0.69, 0.14)})
    assert reading.verdict == "fits"


def test_a_high_loss_that_still_falls_asks_for_more_epochs_first() -> None:
    line = [0.69 - 0.008 * epoch for epoch in EPOCHS]
    reading = read({"loss": line, "val_loss": line})
    assert (reading.verdict, reading.trend, reading.gap) == ("underfits", "falling", 0.0)
    assert reading.trend_per_epoch == pytest.approx(-0.008)
    assert "Train longer" in reading.words


def test_a_loss_at_chance_is_called_guessing_for_any_number_of_classes() -> None:
    for classes in (2, 20):
        chance = math.log(classes)
        flat = [chance] * 30
        reading = read({"loss": flat, "val_loss": flat}, classes=classes)
        assert reading.verdict == "underfits"
        assert "no better than guessing" in reading.words


def test_the_same_gap_is_wide_for_two_classes_and_narrow_for_twenty() -> None:
    history = {"loss": falling(0.7, 0.2), "val_loss": falling(0.8, 0.5)}
    assert read(history, classes=2).verdict == "overfits"
    assert read(history, classes=20).verdict == "fits"


def test_noise_alone_is_no_trend_and_no_overfitting() -> None:
    noisy = [0.30 + 0.08 * (-1) ** (epoch * (epoch + 1) // 2) for epoch in EPOCHS]
    reading = read({"loss": [0.25] * 30, "val_loss": noisy})
    assert reading.trend == "flat"
    assert reading.verdict == "fits"


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_divergence_and_the_epochs_before_it_count(
    broken: float,
) -> None:
    reading = read({"loss": [0.7, 0.6, broken, broken], "val_loss": [0.7, 0.65, 0.6, broken]})
    assert reading.verdict == "diverged"
    assert reading.best_epoch == 2
    assert "epoch 3" in reading.words
    assert "NaN" not in json.dumps(reading.as_dict(), allow_nan=False)


def test_divergence_in_the_first_epoch_leaves_nothing_to_compare() -> None:
    reading = read({"loss": [math.nan], "val_loss": [math.nan]})
    assert (reading.verdict, reading.best_epoch, reading.gap) == ("diverged", None, None)
    assert "diverged" in compare(reading, read(INCEPTIONV1_LIKE))


def test_one_epoch_is_too_short_to_read() -> None:
    reading = read({"loss": [0.6], "val_loss": [0.62]})
    assert (reading.verdict, reading.best_epoch) == ("too_short", 1)
    assert reading.gap == pytest.approx(0.02)


def test_without_validation_the_verdict_is_withheld() -> None:
    reading = read({"loss": falling(0.7, 0.1)})
    assert (reading.verdict, reading.val_loss, reading.best_epoch) == ("unvalidated", None, 30)


def test_a_history_without_a_single_epoch_is_read_without_failing() -> None:
    assert read({"loss": [], "val_loss": []}).best_epoch is None


def test_two_runs_side_by_side_say_which_is_better_and_which_learned_the_classes() -> None:
    words = compare(read(VGG16_LIKE), read(INCEPTIONV1_LIKE), names=("vgg16", "inceptionv1"))
    assert words.startswith("Vgg16 overfits")
    assert "Inceptionv1 underfits" in words
    assert "curves of inceptionv1 stay closer" in words


def test_a_difference_within_the_noise_is_called_equal() -> None:
    assert "equal within noise" in compare(read(INCEPTIONV1_LIKE), read(INCEPTIONV1_LIKE))
