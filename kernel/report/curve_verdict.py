"""A verdict on learning curves, as the course reads them: overfitting, underfitting, since when?

Losses are compared with two measures of the run itself:

- *chance*, the loss of guessing by the shares of the classes (0.693 for the cross-entropy of two
  equal ones). The thresholds are shares of it, so that they hold for any loss, any number of
  classes, and also where one class is rare.
- *noise*, how much the validation loss jumps from epoch to epoch without a direction. A rise or
  a gap below twice the noise does not count.

The thresholds were set on curves like the course's own: its VGG16 (training loss towards 0,
validation loss rising from about 0.5) must be called overfitting, its InceptionV1 (both curves
together, flattening above 0.4) underfitting.

A loss alone does not show that all photos are given to one class: the scores do.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from kernel.report.scores import Scores

# Validation loss this far (in shares of chance) above training loss: the photos were memorised.
# Two samples of the same kind of photos can differ by less than this.
WIDE_GAP = 0.15
# Validation loss this far above its best: it has turned upwards, and does not just vary.
CLEAR_RISE = 0.05
# Training loss still above this share of guessing's: too high for a model that fits.
HIGH_LOSS = 0.5
# Losses above this share of guessing's: the model is no better than guessing.
NEAR_CHANCE = 0.97
# Training loss above this share of guessing's, and of its own least: the steps are too large.
FAR_ABOVE_CHANCE = 1.5
FAR_ABOVE_LEAST = 2.0
# A mean recall this little above that of guessing: the classes are not distinguished.
NEAR_GUESSING = 0.02
# A smaller change of validation loss over the last third of the run is called flat; two runs
# closer than this are called equal.
FLAT = 0.02
FEWEST_EPOCHS = 3  # fewer have neither trend nor noise
LEVEL_EPOCHS = 3  # a level is the mean of this many epochs, so that one lucky epoch decides nothing


@dataclass(frozen=True)
class CurveVerdict:
    """What the curves show. Losses and gap are in nats, epochs 1-based; None where unknown."""

    verdict: str  # overfits, underfits, fits, dead, diverged, too_short, unvalidated
    best_epoch: int | None
    best_val_loss: float | None
    loss: float | None  # means over the last epochs
    val_loss: float | None
    gap: float | None  # val_loss - loss
    trend: str | None  # of the validation loss at the end: rising, falling, flat
    trend_per_epoch: float | None
    noise: float | None
    chance: float
    words: str

    def as_dict(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Curves:
    """The losses of a run, all finite, and what is measured on them."""

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
        """Standard deviation of the jumps, by medians so that a single spike counts little."""
        jumps = [after - before for before, after in pairwise(self.val_loss)]
        median_jump = statistics.median(jumps)
        deviation = statistics.median(abs(jump - median_jump) for jump in jumps)
        return 1.4826 * deviation / math.sqrt(2)

    @property
    def trend(self) -> str:
        change = self.slope * (len(self.tail) - 1)
        if abs(change) <= max(FLAT * self.chance, 2 * self.noise):
            return "flat"
        return "rising" if change > 0 else "falling"

    def exceeds(self, difference: float, share: float) -> bool:
        return difference > max(share * self.chance, 2 * self.noise)


def judge(
    history: Mapping[str, Sequence[float]],
    chance: float = math.log(2),
    scores: Scores | None = None,
) -> CurveVerdict:
    """Judge one run's `history` (Keras' names: `loss`, `val_loss`; a value per epoch).

    `chance` is the loss of guessing; `scores` are those of its model on the validation photos.
    """
    loss, val_loss = list(history.get("loss", [])), list(history.get("val_loss", []))
    finite_epochs = _finite_epochs(loss, val_loss)
    if finite_epochs < len(loss):
        return _without_judgement(
            "diverged",
            f"Diverged: from epoch {finite_epochs + 1} on the loss is not a finite number. "
            "Lower the learning rate, and check that the photos' values are in 0…1.",
            loss[:finite_epochs],
            val_loss[:finite_epochs],
            chance,
        )
    if not val_loss:
        words = "Without a validation loss, over- and underfitting cannot be distinguished."
        return _without_judgement("unvalidated", words, loss, val_loss, chance)
    if finite_epochs < FEWEST_EPOCHS:
        epochs = "1 epoch is" if finite_epochs == 1 else f"{finite_epochs} epochs are"
        words = f"{epochs} too few for a verdict: it needs {FEWEST_EPOCHS}."
        return _without_judgement("too_short", words, loss, val_loss, chance)
    curves = _Curves(loss, val_loss, chance)
    verdict, words = _classify(curves, scores)
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


def _classify(curves: _Curves, scores: Scores | None) -> tuple[str, str]:
    """Return the verdict and its explanation."""
    loss, val_loss = curves.end_loss, curves.end_val_loss
    least = min(curves.loss)
    if loss > FAR_ABOVE_CHANCE * curves.chance and loss > FAR_ABOVE_LEAST * least:
        return "diverged", (
            f"Diverged: over the last {LEVEL_EPOCHS} epochs training loss is {loss:.3g}, after "
            f"{least:.3g} and against guessing's {curves.chance:.3f}: the steps are too large. "
            "Lower the learning rate."
        )
    if scores and scores.is_constant:
        return "dead", (
            f"Dead head: it predicts the same for every photo (all {scores.only_class}), as a head "
            "does whose units give zero for each of them. A wider head (units = [64]), pooling = "
            "'average', preprocessing = 'base', a lower learning rate or another seed helps."
        )
    best, gap = min(curves.val_loss), val_loss - loss
    rise = val_loss - best
    share = val_loss / curves.chance
    levels = (
        f"over the last {LEVEL_EPOCHS} epochs training loss {loss:.3f}, validation loss "
        f"{val_loss:.3f}"
    )
    trend = _trend_sentence(curves)
    if min(loss, best) > NEAR_CHANCE * curves.chance:
        return "underfits", (
            f"Underfits: {levels}, no better than guessing ({curves.chance:.3f}). {trend} "
            "Look at the labels, the learning rate and the base before anything else."
        )
    turned = curves.exceeds(rise, CLEAR_RISE) and loss < curves.loss[curves.best]
    if turned:
        return "overfits", (
            f"Overfits: validation loss was best in epoch {curves.best + 1} ({best:.3f}) and rose "
            f"to {val_loss:.3f} over the last {LEVEL_EPOCHS} epochs while training loss went on "
            f"falling to {loss:.3f} (gap {gap:.3f}). {trend} Stop near epoch {curves.best + 1}, or "
            "augment the photos, or make the head smaller."
        )
    if curves.exceeds(gap, WIDE_GAP):
        return "overfits", (
            f"Overfits: {levels}, a gap of {gap:.3f}: part of its knowledge holds for the "
            f"training photos only. {trend} More or augmented photos, or a smaller head, would "
            "narrow it."
        )
    if scores and scores.balanced_accuracy <= 1 / len(scores.recall) + NEAR_GUESSING:
        alike = f"all photos are taken for {scores.only_class}, and " if scores.only_class else ""
        return "underfits", (
            f"Underfits: {levels}, but {alike}balanced accuracy is {scores.balanced_accuracy:.3f}, "
            f"no better than guessing. {trend} Try class_weight = 'balanced' where a class is "
            "rare, a wider head or another loss."
        )
    if min(loss, val_loss) > HIGH_LOSS * curves.chance:
        return "underfits", (
            f"Underfits: the curves stay close ({levels}), so it does not memorise, but its "
            f"validation loss is {share:.0%} of guessing's. {trend} "
            + (
                "Train longer first."
                if curves.trend == "falling"
                else "A larger head, another base or fine-tuning would give it more capacity."
            )
        )
    longer = " More epochs may still help." if curves.trend == "falling" else ""
    return "fits", f"Fits: {levels}, gap {gap:.3f}. {trend}{longer}"


def _trend_sentence(curves: _Curves) -> str:
    if curves.trend == "flat":
        return "At the end validation loss is flat."
    return f"At the end validation loss is {curves.trend} by {abs(curves.slope):.4f} per epoch."


def _without_judgement(
    verdict: str, words: str, loss: list[float], val_loss: list[float], chance: float
) -> CurveVerdict:
    """Return the verdict on curves that are too short or broken to be judged."""
    best_by = val_loss or loss
    return CurveVerdict(
        verdict=verdict,
        best_epoch=best_by.index(min(best_by)) + 1 if best_by else None,
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
    """Return how many epochs come before the first whose loss is not a finite number."""
    for epoch, value in enumerate(loss):
        validation = val_loss[epoch] if epoch < len(val_loss) else 0.0
        if not (math.isfinite(value) and math.isfinite(validation)):
            return epoch
    return len(loss)
