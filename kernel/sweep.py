"""Many heads on one feature store, trained in one session."""

import csv
import itertools
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernel import classifier, features, heads, pipelines, session, training
from kernel.bases import Base
from kernel.classifier import Trained
from kernel.features import Features
from kernel.files import written_whole
from kernel.photos import Found
from kernel.progress import Checkpoints
from kernel.session import Phases, RunError
from kernel.settings import Settings
from kernel.stacked_heads import OPTIMIZERS, StackedHeads


@dataclass
class Head:
    """One combination of the grid, and how it went: metrics by epoch."""

    settings: Settings
    varied: dict[str, Any]
    history: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    weights: list[np.ndarray[Any, Any]] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, with the least validation loss; NaN is never the least."""
        return int(np.nanargmin([*self.history["val_loss"], np.inf][:-1] or [0])) + 1

    def metrics(self) -> dict[str, Any]:
        """The best epoch's validation metrics and the last epoch's everything."""
        best = self.best_epoch
        return {
            "best_val_loss": self.history["val_loss"][best - 1],
            "best_epoch": best,
            **{name: values[-1] for name, values in self.history.items()},
        }


def run(
    settings: Settings, base: Base, found: Found, checkpoints: Checkpoints, phases: Phases
) -> tuple[Trained, list[Head]]:
    """Train every head of the grid; the best one comes back as the run's classifier."""
    drawn = random.getstate()
    order = pipelines.frozen_order(len(found.train), settings, training=True)
    with phases.measured("features"):
        kept = features.take(settings, base, found, order)
    grid = [Head(settings.changed(**varied), varied) for varied in combinations(settings)]
    groups = alike(grid)
    session.say(f"sweep {len(grid)} heads in {len(groups)} groups of one shape each")
    classes = len(found.train.class_names)
    with phases.measured("head"):
        seconds = [
            _train(group, kept, found, order, drawn, checkpoints, number)
            for number, group in enumerate(groups)
        ]
    ranked = sorted(
        grid, key=lambda head: np.nan_to_num(head.metrics()["best_val_loss"], nan=np.inf)
    )
    write_table(ranked)
    best = ranked[0]
    built = classifier.assemble(best.settings, base, classes)
    built.head.set_weights(best.weights)
    spent = [sum(each) for each in zip(*seconds, strict=True)]
    trained = Trained(built, dict(best.history), spent, features=kept)
    session.say(f"best {json.dumps(best.varied)} val_loss {best.metrics()['best_val_loss']:.4f}")
    return trained, ranked


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
        if chosen.optimizer not in OPTIMIZERS:
            raise RunError(
                f"a sweep trains with {', '.join(OPTIMIZERS)}, not with {chosen.optimizer}."
            )
        groups[chosen.units, chosen.head_pooling, chosen.activation, chosen.optimizer].append(head)
    return list(groups.values())


def write_table(ranked: list[Head]) -> None:
    """heads.csv: a row a head, the least validation loss first."""
    with written_whole("heads.csv") as part, part.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["rank", *ranked[0].varied, *ranked[0].metrics()])
        for rank, head in enumerate(ranked, start=1):
            varied = [json.dumps(value) for value in head.varied.values()]
            writer.writerow([rank, *varied, *head.metrics().values()])


def _train(
    group: list[Head],
    kept: Features,
    found: Found,
    order: np.ndarray[Any, Any],
    drawn: Any,
    checkpoints: Checkpoints,
    number: int,
) -> list[float]:
    """Train one group to its end, from its checkpoint if it has one; returns seconds an epoch."""
    settings = group[0].settings
    classes = len(found.train.class_names)
    train, valid = training.rows_of(kept, found, order, settings.label_mode)
    stacked = StackedHeads(
        [head.settings for head in group],
        [_first_weights(head.settings, kept, classes, drawn) for head in group],
    )
    progress = checkpoints.restore_state(stacked.state, f"sweep-{number}")
    budget = settings.features_in_memory_mb * 2**20
    chunks = {rows: list(rows.chunks(settings.batch_size, budget)) for rows in (*train, valid)}
    while progress.epochs < settings.epochs:
        began = time.monotonic()
        rows = train[progress.epochs % len(train)]
        metrics = stacked.epoch(chunks[rows], rows, training=True)
        validated = stacked.epoch(chunks[valid], valid, training=False)
        metrics |= {f"val_{name}": values for name, values in validated.items()}
        progress.add({name: values.tolist() for name, values in metrics.items()},
                     time.monotonic() - began)  # fmt: skip
        checkpoints.save_state(stacked.state, progress)
        least = float(np.nanmin(metrics["val_loss"]))
        session.say(
            f"epoch {progress.epochs}/{settings.epochs} group {number + 1} "
            f"least val_loss {least:.4f} {progress.seconds[-1]:.2f}s"
        )
    for index, head in enumerate(group):
        head.history = {
            name: [epoch[index] for epoch in values] for name, values in progress.history.items()
        }
        head.weights = stacked.weights_of(index)
    return progress.seconds


def _first_weights(settings: Settings, kept: Features, classes: int, drawn: Any) -> list[Any]:
    """The weights with which this head would start in a run of its own.

    A swept seed starts anew; otherwise Keras goes on drawing where the base left off.
    """
    if any(name == "seed" for name, _ in settings.sweep):
        random.seed(settings.seed)
    else:
        random.setstate(drawn)
    shape = kept.store.row_shape
    return heads.model(heads.build(settings, classes, len(shape)), shape).get_weights()
