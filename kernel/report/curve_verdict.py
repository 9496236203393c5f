"""Reads learning curves as the course does: does it overfit or underfit, and since when?

Losses are judged against two yardsticks that every run brings with it:

- *chance*, the cross-entropy of guessing (log of the number of classes: 0.693 for two). What is
  small or large is a share of it, so that the thresholds hold for 2 classes as for 20.
- *noise*, how much the validation loss jumps from epoch to epoch without going anywhere. A rise
  or a gap below twice the noise is not one.

The shares below were set on curves like the course's own: its VGG16 (training loss towards 0,
validation loss turning up near 0.5) must read as overfitting, its InceptionV1 (both curves
together, flattening above 0.4) as underfitting.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

# Validation loss this far (in shares of chance) above training loss: the photos were memorised.
# Below it the two differ by as much on other photos of the same kind.
WIDE_GAP = 0.15
# Validation loss risen this far above its best: it has turned, it does not just waver.
CLEAR_RISE = 0.05
# Training loss still above half of guessing's: half of what there is to know was not learned.
HIGH_LOSS = 0.5
# Within this share of guessing the model knows nothing.
NEAR_CHANCE = 0.97
# A change of validation loss over the last third of the run below this is called flat; two runs
# closer than this are called equal.
FLAT = 0.02
FEWEST_EPOCHS = 3  # fewer have neither trend nor noise
LEVEL_EPOCHS = 3  # a level is the mean of this many epochs, so that one lucky epoch decides nothing


@dataclass(frozen=True)
class CurveVerdict:
    """What the curves say. Losses and gap are in nats, epochs 1-based; None where unknown."""

    verdict: str  # overfits, underfits, fits, diverged, too_short, unvalidated
    best_epoch: int | None
    best_val_loss: float | None
    loss: float | None  # levels at the end of the run
    val_loss: float | None
    gap: float | None  # val_loss - loss
    trend: str | None  # of the validation loss at the end: rising, falling, flat
    trend_per_epoch: float | None
    noise: float | None
    chance: float
    words: str

    def as_dict(self) -> dict[str, object]:
        """The fields as JSON holds them."""
        return asdict(self)


@dataclass(frozen=True)
class _Curves:
    """The finite part of a history and its measures."""

    loss: list[float]
    val_loss: list[float]
    chance: float

    @property
    def end_loss(self) -> float:
        return statistics.fmean(self.loss[-LEVEL_EPOCHS:])

    @property
    def end_val_loss(self) -> float:
        return statistics.fmean(self.val_loss[-LEVEL_EPOCHS:])

    @property
    def best(self) -> int:
        return self.val_loss.index(min(self.val_loss))

    @property
    def tail(self) -> list[float]:
        return self.val_loss[-max(FEWEST_EPOCHS, math.ceil(len(self.val_loss) / 3)) :]

    @property
    def slope(self) -> float:
        return statistics.linear_regression(range(len(self.tail)), self.tail).slope

    @property
    def noise(self) -> float:
        """Standard deviation of the jumps, from their median so that one spike counts little."""
        jumps = [after - before for before, after in pairwise(self.val_loss)]
        middle = statistics.median(jumps)
        spread = statistics.median(abs(jump - middle) for jump in jumps)
        return 1.4826 * spread / math.sqrt(2)

    @property
    def trend(self) -> str:
        change = self.slope * (len(self.tail) - 1)
        if abs(change) <= max(FLAT * self.chance, 2 * self.noise):
            return "flat"
        return "rising" if change > 0 else "falling"

    def exceeds(self, difference: float, share: float) -> bool:
        return difference > max(share * self.chance, 2 * self.noise)


def read(history: Mapping[str, Sequence[float]], classes: int = 2) -> CurveVerdict:
    """Read one run's `history` (Keras' names: `loss`, `val_loss`; a value an epoch)."""
    chance = math.log(max(classes, 2))
    loss, val_loss = list(history.get("loss", [])), list(history.get("val_loss", []))
    finite = _finite_epochs(loss, val_loss)
    if finite < len(loss):
        return _brief(
            "diverged",
            f"Diverged: the loss is no number any more in epoch {finite + 1}. "
            "Lower the learning rate, and look at the photos' values (0…1?).",
            loss[:finite],
            val_loss[:finite],
            chance,
        )
    if not val_loss:
        words = "There is no validation loss, so over- and underfitting cannot be told apart."
        return _brief("unvalidated", words, loss, val_loss, chance)
    if finite < FEWEST_EPOCHS:
        epochs = "1 epoch says" if finite == 1 else f"{finite} epochs say"
        words = f"{epochs} too little: {FEWEST_EPOCHS} are the fewest to read."
        return _brief("too_short", words, loss, val_loss, chance)
    curves = _Curves(loss, val_loss, chance)
    verdict, words = _judge(curves)
    return CurveVerdict(
        verdict=verdict,
        best_epoch=curves.best + 1,
        best_val_loss=min(val_loss),
        loss=curves.end_loss,
        val_loss=curves.end_val_loss,
        gap=curves.end_val_loss - curves.end_loss,
        trend=curves.trend,
        trend_per_epoch=curves.slope,
        noise=curves.noise,
        chance=chance,
        words=words,
    )


def compare(
    a: CurveVerdict, b: CurveVerdict, names: tuple[str, str] = ("the first", "the second")
) -> str:
    """Say in words how two runs on the same photos differ."""
    sentences = [
        _capitalised(f"{name} {_VERDICT_WORDS[reading.verdict]}{_numbers(reading)}.")
        for name, reading in zip(names, (a, b), strict=True)
    ]
    if a.best_val_loss is None or b.best_val_loss is None:
        return " ".join(sentences)
    difference = b.best_val_loss - a.best_val_loss
    least = max(FLAT * a.chance, 2 * max(a.noise or 0.0, b.noise or 0.0))
    bests = " and ".join(f"{run.best_val_loss:.3f} in epoch {run.best_epoch}" for run in (a, b))
    if abs(difference) <= least:
        sentences.append(f"Their best validation losses are equal within noise ({bests}).")
    else:
        better = names[0] if difference > 0 else names[1]
        sentences.append(
            f"Validation loss is lower by {abs(difference):.3f} for {better} ({bests})."
        )
    if a.gap is not None and b.gap is not None and abs(a.gap - b.gap) > WIDE_GAP * a.chance:
        closer = names[0] if a.gap < b.gap else names[1]
        sentences.append(
            f"The curves of {closer} stay closer together: it learned more of the classes and "
            "less of the single photos."
        )
    return " ".join(sentences)


_VERDICT_WORDS = {
    "overfits": "overfits",
    "underfits": "underfits",
    "fits": "fits",
    "diverged": "diverged",
    "too_short": "is too short to read",
    "unvalidated": "has no validation loss",
}


def _judge(curves: _Curves) -> tuple[str, str]:
    loss, val_loss = curves.end_loss, curves.end_val_loss
    best, gap = min(curves.val_loss), val_loss - loss
    rise = val_loss - best
    share = val_loss / curves.chance
    levels = f"training loss {loss:.3f}, validation loss {val_loss:.3f}"
    trend = _trend_words(curves)
    if min(loss, best) > NEAR_CHANCE * curves.chance:
        return "underfits", (
            f"Underfits: {levels}, no better than guessing ({curves.chance:.3f}). {trend} "
            "Look at the labels, the learning rate and the base before anything else."
        )
    turned = curves.exceeds(rise, CLEAR_RISE) and loss < curves.loss[curves.best]
    if turned:
        return "overfits", (
            f"Overfits: validation loss was best in epoch {curves.best + 1} ({best:.3f}) and rose "
            f"to {val_loss:.3f} while training loss went on falling to {loss:.3f} "
            f"(gap {gap:.3f}). {trend} Stop near epoch {curves.best + 1}, or augment the photos, "
            "or make the head smaller."
        )
    if curves.exceeds(gap, WIDE_GAP):
        return "overfits", (
            f"Overfits: {levels}, a gap of {gap:.3f}: part of what it learned holds for the "
            f"training photos only. {trend} More or augmented photos, or a smaller head, would "
            "narrow it."
        )
    if loss > HIGH_LOSS * curves.chance:
        return "underfits", (
            f"Underfits: the curves stay close ({levels}), so it does not just memorise, but at "
            f"{share:.0%} of guessing's loss. {trend} "
            + (
                "Train longer first."
                if curves.trend == "falling"
                else "A larger head, another base or fine-tuning would give it more capacity."
            )
        )
    longer = " More epochs may still help." if curves.trend == "falling" else ""
    return "fits", f"Fits: {levels}, gap {gap:.3f}. {trend}{longer}"


def _trend_words(curves: _Curves) -> str:
    if curves.trend == "flat":
        return "At the end validation loss is flat."
    return f"At the end validation loss is {curves.trend} by {abs(curves.slope):.4f} an epoch."


def _brief(
    verdict: str, words: str, loss: list[float], val_loss: list[float], chance: float
) -> CurveVerdict:
    """A reading of curves that are too short or broken to be judged: only what is certain."""
    judged_by = val_loss or loss
    return CurveVerdict(
        verdict=verdict,
        best_epoch=judged_by.index(min(judged_by)) + 1 if judged_by else None,
        best_val_loss=min(val_loss) if val_loss else None,
        loss=loss[-1] if loss else None,
        val_loss=val_loss[-1] if val_loss else None,
        gap=val_loss[-1] - loss[-1] if loss and val_loss else None,
        trend=None,
        trend_per_epoch=None,
        noise=None,
        chance=chance,
        words=words,
    )


def _finite_epochs(loss: Sequence[float], val_loss: Sequence[float]) -> int:
    """How many epochs there are before the first whose loss is no finite number."""
    for epoch, value in enumerate(loss):
        validation = val_loss[epoch] if epoch < len(val_loss) else 0.0
        if not (math.isfinite(value) and math.isfinite(validation)):
            return epoch
    return len(loss)


def _numbers(reading: CurveVerdict) -> str:
    if reading.loss is None or reading.val_loss is None:
        return ""
    return f" (training loss {reading.loss:.3f}, validation loss {reading.val_loss:.3f})"


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
