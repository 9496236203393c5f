"""Many heads on one feature store, trained in one session."""

import csv
import itertools
import json
import random
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernel import session
from kernel.data import pipelines
from kernel.data.photos import PhotoSet
from kernel.features import features
from kernel.features.features import Features
from kernel.files import atomic_write
from kernel.fit import classifier, flat_features, training
from kernel.fit.checkpoints import Checkpoints, Progress
from kernel.fit.classifier import TrainingResult
from kernel.fit.flat_features import FlatFeatures
from kernel.fit.stacked_heads import RULES, StackedHeads
from kernel.fit.stops import Stop, out_of_time
from kernel.model import heads
from kernel.model.bases import Base
from kernel.session import Phases, RunError
from kernel.settings.settings import Settings

_TRAINING_TO_SAVING = 10  # seconds of training for a second of saving, at least


@dataclass
class Head:
    """One combination of the grid, and how it went: metrics by epoch."""

    settings: Settings
    varied: dict[str, Any]
    history: dict[str, list[float]] = field(default_factory=dict)
    weights: list[np.ndarray[Any, Any]] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, with the least validation loss; NaN is never the least."""
        return int(np.argmin(np.nan_to_num(self.history["val_loss"], nan=np.inf))) + 1

    def metrics(self) -> dict[str, Any]:
        """The best epoch's validation loss and the last epoch's everything."""
        best = self.best_epoch
        return {
            "best_val_loss": self.history["val_loss"][best - 1],
            "best_epoch": best,
            **{name: values[-1] for name, values in self.history.items()},
        }


def run(
    settings: Settings, base: Base, photo_set: PhotoSet, checkpoints: Checkpoints, phases: Phases
) -> tuple[TrainingResult, list[Head]]:
    """Train every head of the grid; the best one comes back as the run's classifier.

    Heads for which the time did not last are left out.
    """
    drawn = random.getstate()
    order = pipelines.frozen_order(len(photo_set.train), settings, training=True)
    with phases.measured("features"):
        kept = features.take(settings, base, photo_set, order)
    grid = [Head(settings.changed(**varied), varied) for varied in combinations(settings)]
    groups = alike(grid)
    session.say(f"sweep {len(grid)} heads in {len(groups)} groups of one shape each")
    spent = [0.0] * settings.epochs
    stop = None
    with phases.measured("head"):
        poolings = {head.settings.head_pooling for head in grid}
        flat = {pooling: flat_features.flatten(kept.store, pooling) for pooling in poolings}
        group_fit = GroupFit(kept, flat, photo_set, order, drawn, checkpoints)
        for number, group in enumerate(groups, start=1):
            seconds, stop = group_fit.train(group, f"sweep-{number}")
            spent = [sum(each) for each in itertools.zip_longest(spent, seconds, fillvalue=0.0)]
            if stop:
                break
    ranked = sorted(
        (head for head in grid if head.history),
        key=lambda head: np.nan_to_num(head.metrics()["best_val_loss"], nan=np.inf),
    )
    if stop:
        session.say(f"stopped with {len(ranked)} of {len(grid)} heads trained: {stop.message}")
    write_table(ranked)
    best = ranked[0]
    built = classifier.assemble(best.settings, base, len(photo_set.train.class_names))
    built.head.set_weights(best.weights)
    epochs = len(best.history["val_loss"])
    result = TrainingResult(built, best.history, spent[:epochs], stop=stop, features=kept)
    session.say(f"best {json.dumps(best.varied)} val_loss {best.metrics()['best_val_loss']:.4f}")
    return result, ranked


def combinations(settings: Settings) -> list[dict[str, Any]]:
    """Every combination of the grid's values."""
    names = [name for name, _ in settings.sweep]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(values for _, values in settings.sweep))
    ]


def alike(grid: list[Head]) -> list[list[Head]]:
    """Heads grouped by what must be equal to train them as one."""
    groups: dict[Any, list[Head]] = defaultdict(list)
    for head in grid:
        chosen = head.settings
        if chosen.optimizer not in RULES:
            raise RunError(f"a sweep trains with {', '.join(RULES)}, not with {chosen.optimizer}.")
        momentum = None if chosen.optimizer == "adam" else chosen.momentum
        shape = chosen.units, chosen.head_pooling, chosen.activation
        groups[*shape, chosen.optimizer, momentum].append(head)
    return list(groups.values())


def write_table(ranked: list[Head]) -> None:
    """heads.csv: a row a head, the least validation loss first."""
    with atomic_write("heads.csv") as part, part.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["rank", *ranked[0].varied, *ranked[0].metrics()])
        for rank, head in enumerate(ranked, start=1):
            varied = [json.dumps(value) for value in head.varied.values()]
            writer.writerow([rank, *varied, *head.metrics().values()])


@dataclass(frozen=True)
class GroupFit:
    """Trains groups of heads on the same features; `drawn` is where Keras' draws left off."""

    kept: Features
    flat: Mapping[str, FlatFeatures]  # By pooling.
    photo_set: PhotoSet
    order: np.ndarray[Any, Any]
    drawn: Any
    checkpoints: Checkpoints

    def train(self, group: list[Head], stage: str) -> tuple[list[float], Stop | None]:
        """Train one group, from its checkpoint if it has one: seconds an epoch, why it stopped."""
        settings = group[0].settings
        flat = self.flat[settings.head_pooling]
        train, valid = training.rows_of(self.kept, self.photo_set, self.order, settings.label_mode)
        first = self._first_weights(group)
        stacked = StackedHeads(
            [head.settings for head in group],
            [[flat.narrowed(kernel), *rest] for kernel, *rest in first],
            [flat.rows(rows) for rows in train],
            flat.rows(valid),
        )
        progress, stop = self._epochs(stacked, settings, stage)
        for index, head in enumerate(group):
            head.history = {
                name: [epoch[index] for epoch in values]
                for name, values in progress.history.items()
            }
            learnt, *rest = stacked.weights_of(index)
            head.weights = [flat.widened(learnt, first[index][0]), *rest]
        return progress.seconds, stop

    def _epochs(
        self, stacked: StackedHeads, settings: Settings, stage: str
    ) -> tuple[Progress, Stop | None]:
        progress = self.checkpoints.restore_state(stacked.state, stage)
        stop = None
        saved, cost = time.monotonic(), 0.0
        while progress.epochs < settings.epochs and stop is None:
            began = time.monotonic()
            metrics = stacked.train_epoch(progress.epochs)
            metrics |= {f"val_{name}": values for name, values in stacked.validate().items()}
            seconds = time.monotonic() - began
            progress.add({name: values.tolist() for name, values in metrics.items()}, seconds)
            least = np.nanmin(np.append(metrics["val_loss"], np.inf))
            session.say(
                f"epoch {progress.epochs}/{settings.epochs} {stage} least val_loss {least:.4f} "
                f"{seconds:.2f}s"
            )
            is_last = progress.epochs == settings.epochs
            stop = None if is_last else out_of_time(settings, progress)
            # All heads' moments are much to write: not more often than it is worth.
            if is_last or stop or time.monotonic() - saved >= _TRAINING_TO_SAVING * cost:
                began = time.monotonic()
                self.checkpoints.save_state(stacked.state, progress)
                saved = time.monotonic()
                cost = saved - began
        return progress, stop

    def _first_weights(self, group: list[Head]) -> list[list[Any]]:
        """The weights with which each head would start in a run of its own.

        A swept seed starts anew; otherwise Keras goes on drawing where the base left off.
        """
        drawn: dict[int, list[Any]] = {}
        for head in group:
            seed = head.settings.seed
            if seed not in drawn:
                if "seed" in head.varied:
                    random.seed(seed)
                else:
                    random.setstate(self.drawn)
                drawn[seed] = self._built(head.settings).get_weights()
        return [drawn[head.settings.seed] for head in group]

    def _built(self, settings: Settings) -> Any:
        shape = self.kept.store.row_shape
        classes = len(self.photo_set.train.class_names)
        return heads.model(heads.build(settings, classes, len(shape)), shape)
