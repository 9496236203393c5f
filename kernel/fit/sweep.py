"""A sweep: many heads trained on the same stored features in one session."""

import itertools
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernel import session
from kernel.data import pipelines
from kernel.data.stored_photos import epoch_order
from kernel.features import features
from kernel.features.features import Features
from kernel.files import write_csv
from kernel.fit import classifier, flat_features, training
from kernel.fit.checkpoints import FOLDER, BestEpoch, Progress, SavingPace
from kernel.fit.classifier import TrainingResult
from kernel.fit.flat_features import FlatFeatures
from kernel.fit.stacked_heads import OPTIMIZER_RULES, StackedHeads
from kernel.fit.start import Start
from kernel.fit.stops import Stop, StopMonitor, out_of_time
from kernel.fit.training import TrainingStage
from kernel.model import heads
from kernel.session import Phases, RunError
from kernel.settings.settings import Settings


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

    @property
    def model_epoch(self) -> int:
        """The epoch whose weights the head has."""
        return self.best_epoch if self.settings.keep == "best" else len(self.history["val_loss"])

    @property
    def val_loss(self) -> float:
        """The validation loss of the head's weights, by which heads are ranked."""
        loss = self.history["val_loss"][self.model_epoch - 1]
        return float(np.nan_to_num(loss, nan=np.inf))

    def metrics(self) -> dict[str, Any]:
        """Return the best epoch with its validation loss, and all metrics of the last epoch."""
        best = self.best_epoch
        return {
            "best_val_loss": self.history["val_loss"][best - 1],
            "best_epoch": best,
            **{name: values[-1] for name, values in self.history.items()},
        }


def run(start: Start, phases: Phases) -> tuple[TrainingResult, list[SweepHead]]:
    """Train every head of the grid; return the best one's result, and all heads, best first.

    Heads that the time limit left untrained are missing. Each seed of the grid has a start of its
    own, as a run with that seed would have.
    """
    settings = start.settings
    grid = [SweepHead(settings.changed(**varied), varied) for varied in combinations(settings)]
    groups = group_by_shape(grid)
    session.say(f"sweep {len(grid)} heads in {len(groups)} groups of one shape each")
    for name in ("fine_tune_epochs", "stop_on_plateau"):
        if getattr(settings, name):
            session.say(f"sweep: {name} is not used, every head is trained for all epochs")
    trainers: dict[int, GroupTrainer] = {}
    epoch_seconds = [0.0] * settings.epochs
    stop = None
    # Those with the seed of `start` first, while the random states are still those of its base.
    groups.sort(key=lambda group: group[0].settings.seed != settings.seed)
    for number, group in enumerate(groups, start=1):
        seed = group[0].settings.seed
        if seed not in trainers:
            own = start if seed == settings.seed else start.with_seed(seed)
            trainers[seed] = GroupTrainer.prepare(own, phases, is_first=own is start)
        with phases.measured("head"):
            seconds, stop = trainers[seed].train(group, f"sweep-{number}")
        both = itertools.zip_longest(epoch_seconds, seconds, fillvalue=0.0)
        epoch_seconds = [sum(each) for each in both]
        if stop:
            break
    ranked = sorted((head for head in grid if head.history), key=lambda head: head.val_loss)
    if stop:
        session.say(f"stopped with {len(ranked)} of {len(grid)} heads trained: {stop.message}")
    write_table(ranked)
    best = ranked[0]
    session.say(f"best {json.dumps(best.varied)} val_loss {best.val_loss:.4f}")
    result = trainers[best.settings.seed].result(best)
    result.seconds, result.stop = epoch_seconds[: len(best.history["val_loss"])], stop
    return result, ranked


def combinations(settings: Settings) -> list[dict[str, Any]]:
    """Return the settings that vary in each head, with their values: setting → value."""
    names = [name for name, _ in settings.sweep]
    columns = [values for _, values in settings.sweep]
    is_by_row = settings.sweep_by == "row"
    rows = zip(*columns, strict=True) if is_by_row else itertools.product(*columns)
    return [dict(zip(names, values, strict=True)) for values in rows]


def group_by_shape(grid: list[SweepHead]) -> list[list[SweepHead]]:
    """Group heads that can be trained together: of one seed and shape, with one optimizer.

    Raises:
        RunError: An optimizer cannot train several heads together.
    """
    groups: dict[Any, list[SweepHead]] = defaultdict(list)
    for head in grid:
        settings = head.settings
        momentum = None if settings.optimizer == "adam" else settings.momentum
        shape = settings.units, settings.head_pooling, settings.activation
        groups[settings.seed, *shape, settings.optimizer, momentum].append(head)
    for group in groups.values():
        optimizer = group[0].settings.optimizer
        if len(group) > 1 and optimizer not in OPTIMIZER_RULES:
            supported = ", ".join(OPTIMIZER_RULES)
            raise RunError(f"a sweep trains heads together with {supported}, not with {optimizer}.")
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


@dataclass
class GroupTrainer:
    """Trains groups of heads of one seed on the same features.

    `order` is that of the training photos; `random_state` is that of Python's `random` after the
    base was built, from which Keras draws the seeds of a head's weights.
    """

    start: Start
    stored: Features
    order: np.ndarray[Any, Any]
    random_state: Any
    flat: dict[str, FlatFeatures] = field(default_factory=dict)

    @classmethod
    def prepare(cls, start: Start, phases: Phases, *, is_first: bool) -> "GroupTrainer":
        """Compute or load the features; those of the first seed are left in the outputs."""
        random_state = random.getstate()
        settings, photo_set = start.settings, start.photo_set
        # As in a run of its own: the head draws its seeds before augmented views draw theirs.
        classifier.assemble(settings, start.base, len(photo_set.train.class_names))
        order = pipelines.frozen_order(len(photo_set.train), settings, training=True)
        folder = None if is_first else FOLDER / f"features-{settings.seed}"
        with phases.measured("features"):
            stored = features.load_or_compute(settings, start.base, photo_set, order, folder)
        return cls(start, stored, order, random_state)

    def train(self, group: list[SweepHead], stage: str) -> tuple[list[float], Stop | None]:
        """Train one group, from its checkpoint if it has one, and fill in its heads' results.

        A head that is alone is trained exactly as in a run of its own; several are stacked. Returns
        the seconds of each epoch, and a stop if the time ran out.
        """
        train_group = self._train_one if len(group) == 1 else self._train_stacked
        progress, stop = train_group(group, stage)
        return progress.seconds, stop if stop and stop.cause == "time_limit" else None

    def result(self, head: SweepHead) -> TrainingResult:
        """Return a trained head as the result of a run of its own, without its seconds."""
        settings, photo_set = head.settings, self.start.photo_set
        classes = len(photo_set.train.class_names)
        assembled = classifier.assemble(settings, self.start.base, classes)
        if self.stored.pooling:
            assembled = classifier.without_pooling(assembled)
        assembled.head.set_weights(head.weights)
        best = BestEpoch(head.model_epoch, head.val_loss)
        return TrainingResult(
            assembled, photo_set, settings, head.history, features=self.stored, best=best
        )

    def _train_one(self, group: list[SweepHead], name: str) -> tuple[Progress, Stop | None]:
        (head,) = group
        settings, model = head.settings, self._head_model(head.settings)
        photo_set, rate = self.start.photo_set, settings.learning_rate
        trainer = training.head_trainer(model, self.stored, photo_set, self.order, settings, rate)
        settings = settings.changed(stop_on_plateau=0)  # As where heads are trained together.
        monitor = StopMonitor(settings, lambda since: None, session.elapsed(), False)
        stage = TrainingStage(name, trainer, 0, settings.epochs, settings.keep)
        checkpoints = self.start.checkpoints()
        progress, stop = training.run(stage, settings.epochs, checkpoints, monitor)
        head.history, head.weights = progress.history, model.get_weights()
        return progress, stop

    def _train_stacked(self, group: list[SweepHead], stage: str) -> tuple[Progress, Stop | None]:
        settings, photo_set = group[0].settings, self.start.photo_set
        flat = self._flat(settings.head_pooling)
        train, valid = training.rows_of(self.stored, photo_set, self.order, settings)
        initial = self._initial_weights(group)
        stacked = StackedHeads(
            [head.settings for head in group],
            [[flat.without_dead_weights(kernel), *rest] for kernel, *rest in initial],
            [flat.rows(rows) for rows in train],
            flat.rows(valid),
            order=epoch_order(settings, len(photo_set.train)),
        )
        progress, stop = self._run_epochs(stacked, settings, stage)
        for index, head in enumerate(group):
            head.history = {
                name: [epoch[index] for epoch in values]
                for name, values in progress.history.items()
            }
            weights = progress.best.weights or stacked.weights()
            kernel, *rest = stacked.weights_of(index, weights)
            head.weights = [flat.with_dead_weights(kernel, initial[index][0]), *rest]
        return progress, stop

    def _run_epochs(
        self, stacked: StackedHeads, settings: Settings, stage: str
    ) -> tuple[Progress, Stop | None]:
        checkpoints = self.start.checkpoints()
        progress = checkpoints.restore_state(stacked.state, stage)
        stop = None
        pace = SavingPace()
        while progress.epochs < settings.epochs and stop is None:
            start = time.monotonic()
            metrics = stacked.train_epoch(progress.epochs)
            metrics |= {f"val_{name}": values for name, values in stacked.validate().items()}
            if settings.keep == "best":
                _keep_improved(stacked, progress, metrics["val_loss"])
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
            if is_last or stop or pace.is_due:
                with pace.saving():
                    checkpoints.save_state(stacked.state, progress)
        return progress, stop

    def _flat(self, pooling: str) -> FlatFeatures:
        if pooling not in self.flat:
            self.flat[pooling] = flat_features.flatten(self.stored.store, pooling)
        return self.flat[pooling]

    def _initial_weights(self, group: list[SweepHead]) -> list[list[np.ndarray[Any, Any]]]:
        """Return the weights with which each head of one shape and seed would start.

        Only a layer of dropout changes them: it draws a seed before the layers after it do.
        """
        has_dropout = [head.settings.dropout > 0 for head in group]
        drawn = {
            each: self._head_model(group[has_dropout.index(each)].settings).get_weights()
            for each in set(has_dropout)
        }
        return [drawn[each] for each in has_dropout]

    def _head_model(self, settings: Settings) -> Any:
        """Return a head with the weights with which it would start in a run of its own."""
        random.setstate(self.random_state)
        shape = self.stored.store.row_shape
        classes = len(self.start.photo_set.train.class_names)
        return heads.model(heads.build(settings, classes, len(shape)), shape)


def _keep_improved(stacked: StackedHeads, progress: Progress, losses: np.ndarray[Any, Any]) -> None:
    """Keep the present weights of the heads whose validation loss is lower than ever before."""
    earlier = np.array(progress.history.get("val_loss") or [np.full(len(losses), np.inf)])
    improved = np.nan_to_num(losses, nan=np.inf) < np.nan_to_num(earlier, nan=np.inf).min(axis=0)
    progress.best.weights = stacked.updated(progress.best.weights, improved)
