"""A sweep: many heads trained on the same stored features in one session."""

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
from kernel.files import write_csv
from kernel.fit import classifier, flat_features, training
from kernel.fit.checkpoints import Checkpoints, Progress
from kernel.fit.classifier import TrainingResult
from kernel.fit.flat_features import FlatFeatures
from kernel.fit.stacked_heads import OPTIMIZER_RULES, StackedHeads
from kernel.fit.stops import Stop, out_of_time
from kernel.model import heads
from kernel.model.bases import Base
from kernel.session import Phases, RunError
from kernel.settings.settings import Settings

_TRAINING_PER_SAVING = 10  # seconds of training per second of saving, at least


@dataclass
class SweepHead:
    """One combination of the grid, and its result.

    `varied` are the settings of the grid; `history` has a value per epoch for each metric.
    """

    settings: Settings
    varied: dict[str, Any]
    history: dict[str, list[float]] = field(default_factory=dict)
    weights: list[np.ndarray[Any, Any]] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, with the lowest validation loss; NaN counts as the highest."""
        return int(np.argmin(np.nan_to_num(self.history["val_loss"], nan=np.inf))) + 1

    def metrics(self) -> dict[str, Any]:
        """Return the best epoch with its validation loss, and all metrics of the last epoch."""
        best = self.best_epoch
        return {
            "best_val_loss": self.history["val_loss"][best - 1],
            "best_epoch": best,
            **{name: values[-1] for name, values in self.history.items()},
        }


def run(
    settings: Settings, base: Base, photo_set: PhotoSet, checkpoints: Checkpoints, phases: Phases
) -> tuple[TrainingResult, list[SweepHead]]:
    """Train every head of the grid; return the best one's result, and all heads, best first.

    Heads that the time limit left untrained are missing.
    """
    random_state = random.getstate()
    order = pipelines.frozen_order(len(photo_set.train), settings, training=True)
    with phases.measured("features"):
        stored = features.load_or_compute(settings, base, photo_set, order)
    grid = [SweepHead(settings.changed(**varied), varied) for varied in combinations(settings)]
    groups = group_by_shape(grid)
    session.say(f"sweep {len(grid)} heads in {len(groups)} groups of one shape each")
    epoch_seconds = [0.0] * settings.epochs
    stop = None
    with phases.measured("head"):
        poolings = {head.settings.head_pooling for head in grid}
        flat = {pooling: flat_features.flatten(stored.store, pooling) for pooling in poolings}
        trainer = GroupTrainer(stored, flat, photo_set, order, random_state, checkpoints)
        for number, group in enumerate(groups, start=1):
            seconds, stop = trainer.train(group, f"sweep-{number}")
            both = itertools.zip_longest(epoch_seconds, seconds, fillvalue=0.0)
            epoch_seconds = [sum(each) for each in both]
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
    assembled = classifier.assemble(best.settings, base, len(photo_set.train.class_names))
    assembled.head.set_weights(best.weights)
    seconds = epoch_seconds[: len(best.history["val_loss"])]
    result = TrainingResult(assembled, best.history, seconds, stop=stop, features=stored)
    session.say(f"best {json.dumps(best.varied)} val_loss {best.metrics()['best_val_loss']:.4f}")
    return result, ranked


def combinations(settings: Settings) -> list[dict[str, Any]]:
    """Return every combination of the grid's values: setting → value."""
    names = [name for name, _ in settings.sweep]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(values for _, values in settings.sweep))
    ]


def group_by_shape(grid: list[SweepHead]) -> list[list[SweepHead]]:
    """Group heads that can be trained together: of one shape, with one optimizer.

    Raises:
        RunError: An optimizer cannot train several heads together.
    """
    groups: dict[Any, list[SweepHead]] = defaultdict(list)
    for head in grid:
        settings = head.settings
        if settings.optimizer not in OPTIMIZER_RULES:
            supported = ", ".join(OPTIMIZER_RULES)
            raise RunError(f"a sweep trains with {supported}, not with {settings.optimizer}.")
        momentum = None if settings.optimizer == "adam" else settings.momentum
        shape = settings.units, settings.head_pooling, settings.activation
        groups[*shape, settings.optimizer, momentum].append(head)
    return list(groups.values())


def write_table(ranked: list[SweepHead]) -> None:
    """Write heads.csv: a row per head, the lowest validation loss first."""
    import pandas as pd

    varied = [{name: json.dumps(value) for name, value in head.varied.items()} for head in ranked]
    metrics = [head.metrics() for head in ranked]
    # Beside each other, not merged: a swept setting can have the name of a metric (loss).
    table = pd.concat([pd.DataFrame(varied), pd.DataFrame(metrics)], axis="columns")
    table.insert(0, "rank", range(1, len(ranked) + 1))
    write_csv("heads.csv", table)


@dataclass(frozen=True)
class GroupTrainer:
    """A trainer of groups of heads on the same features.

    `flat` has the flat features of each pooling; `order` is that of the training photos;
    `random_state` is that of Python's `random` after the base was built.
    """

    stored: Features
    flat: Mapping[str, FlatFeatures]
    photo_set: PhotoSet
    order: np.ndarray[Any, Any]
    random_state: Any
    checkpoints: Checkpoints

    def train(self, group: list[SweepHead], stage: str) -> tuple[list[float], Stop | None]:
        """Train one group, from its checkpoint if it has one, and fill in its heads' results.

        Returns the seconds of each epoch, and a stop if the time ran out.
        """
        settings = group[0].settings
        flat = self.flat[settings.head_pooling]
        train, valid = training.rows_of(
            self.stored, self.photo_set, self.order, settings.label_mode
        )
        initial = self._initial_weights(group)
        stacked = StackedHeads(
            [head.settings for head in group],
            [[flat.without_dead_weights(kernel), *rest] for kernel, *rest in initial],
            [flat.rows(rows) for rows in train],
            flat.rows(valid),
        )
        progress, stop = self._run_epochs(stacked, settings, stage)
        for index, head in enumerate(group):
            head.history = {
                name: [epoch[index] for epoch in values]
                for name, values in progress.history.items()
            }
            kernel, *rest = stacked.weights_of(index)
            head.weights = [flat.with_dead_weights(kernel, initial[index][0]), *rest]
        return progress.seconds, stop

    def _run_epochs(
        self, stacked: StackedHeads, settings: Settings, stage: str
    ) -> tuple[Progress, Stop | None]:
        progress = self.checkpoints.restore_state(stacked.state, stage)
        stop = None
        last_saved, saving_seconds = time.monotonic(), 0.0
        while progress.epochs < settings.epochs and stop is None:
            start = time.monotonic()
            metrics = stacked.train_epoch(progress.epochs)
            metrics |= {f"val_{name}": values for name, values in stacked.validate().items()}
            seconds = time.monotonic() - start
            progress.add({name: values.tolist() for name, values in metrics.items()}, seconds)
            lowest = np.nanmin(np.append(metrics["val_loss"], np.inf))
            session.say(
                f"epoch {progress.epochs}/{settings.epochs} {stage} least val_loss {lowest:.4f} "
                f"{seconds:.2f}s"
            )
            is_last = progress.epochs == settings.epochs
            stop = None if is_last else out_of_time(settings, progress)
            # The state of all heads is large: it is saved only after enough training.
            trained_for = time.monotonic() - last_saved
            if is_last or stop or trained_for >= _TRAINING_PER_SAVING * saving_seconds:
                start = time.monotonic()
                self.checkpoints.save_state(stacked.state, progress)
                last_saved = time.monotonic()
                saving_seconds = last_saved - start
        return progress, stop

    def _initial_weights(self, group: list[SweepHead]) -> list[list[Any]]:
        """Return the weights with which each head would start in a run of its own.

        Keras draws their seeds from `random`: from its state after the base, or from a new one
        if the seed is swept.
        """
        weights: dict[int, list[Any]] = {}
        for head in group:
            seed = head.settings.seed
            if seed not in weights:
                if "seed" in head.varied:
                    random.seed(seed)
                else:
                    random.setstate(self.random_state)
                weights[seed] = self._head_model(head.settings).get_weights()
        return [weights[head.settings.seed] for head in group]

    def _head_model(self, settings: Settings) -> Any:
        shape = self.stored.store.row_shape
        classes = len(self.photo_set.train.class_names)
        return heads.model(heads.build(settings, classes, len(shape)), shape)
