"""What each part of a pipeline did when: stamps that travel with the photos, and their pictures.

The steps take the time before and after their work (`tf.timestamp`, ordered by control
dependencies) and send it along with the photo, so that what is seen is the pipeline's own
overlap, at about 5 % overhead. A step of training is a pause of fixed length: an accelerator at
work leaves the cores to the pipeline.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kernel import plots
from kernel.data import pipelines
from kernel.data.decoding import map_elements, to_unit, to_unit_fast
from kernel.data.photos import Photos
from kernel.data.pipelines import PhotoSource
from kernel.settings.settings import Settings

STAGES = ("open", "read", "map", "wait", "train")
COLOURS = dict(zip(STAGES, ("#9e9e9e", "#4c78a8", "#f2a03d", "#d1495b", "#5aa469"), strict=True))
BATCH_SIZE = 16
BATCHES = 6
EPOCHS = 2
STEP_SECONDS = 0.015
TALLEST = 5  # lanes of a row at full height; more are drawn thinner


@dataclass(frozen=True)
class Span:
    """One piece of work: its stage, and when it began and ended, in seconds from the start."""

    stage: str
    begin: float
    end: float


@dataclass(frozen=True)
class Timeline:
    """Everything that happened in a pipeline and its training, and when each epoch ended."""

    name: str
    spans: tuple[Span, ...]
    epoch_ends: tuple[float, ...]

    def seconds(self, stage: str) -> float:
        """Time spent in a stage, counted once for each thread."""
        return sum(span.end - span.begin for span in self.spans if span.stage == stage)

    def as_lists(self) -> dict[str, object]:
        """The timeline as JSON holds it; `from_lists` reads it back."""
        spans = [[span.stage, span.begin, span.end] for span in self.spans]
        return {"name": self.name, "spans": spans, "epoch_ends": list(self.epoch_ends)}


def from_lists(lists: Mapping[str, object]) -> Timeline:
    """The timeline that `as_lists` wrote."""
    spans = tuple(Span(*span) for span in lists["spans"])  # type: ignore[attr-defined]
    return Timeline(str(lists["name"]), spans, tuple(lists["epoch_ends"]))  # type: ignore[arg-type]


class TracedSource(PhotoSource):
    """A source whose elements carry the stamps of what was done to them: [stamps, 3], float64.

    A stamp is the stage's number, when it began and when it ended (seconds since 1970).
    """

    def elements(self, order: NDArray[np.int64]) -> tf.data.Dataset:
        def begin_stamps(*element: Any) -> Any:
            return *element, tf.zeros((0, 3), tf.float64)

        return super().elements(order).map(begin_stamps)

    def read(self, path: Any, *label_and_stamps: Any) -> Any:
        label, stamps = label_and_stamps
        contents, stamps = _stamped("open", self._open, path, stamps)
        contents, stamps = _stamped("read", tf.io.read_file, path, stamps, after=contents)
        return contents, label, stamps

    def _open(self, path: Any) -> Any:
        """Ask for the file: over a network its first byte takes its time."""
        with tf.control_dependencies([self.decoder.wait()]):
            return tf.identity(path)

    def decode(self, contents: Any, *label_and_stamps: Any) -> Any:
        label, stamps = label_and_stamps
        photo, stamps = _stamped("map", self.decoder.decode, contents, stamps)
        return photo, label, stamps

    def load_all(self, paths: Any, *labels_and_stamps: Any) -> Any:
        labels, stamps = labels_and_stamps

        def load(element: Any) -> Any:
            contents, _, stamps = self.read(element[0], (), element[1])
            return _stamped("map", self.decoder.decode_fast, contents, stamps)

        given = self.decoder.pixels, tf.TensorSpec((None, 3), tf.float64)
        photos, stamps = map_elements(load, (paths, stamps), given)
        return photos, labels, stamps

    def convert(self, photo: Any, *label_and_stamps: Any) -> Any:
        label, stamps = label_and_stamps
        photo, stamps = _stamped("map", to_unit, photo, stamps)
        return photo, label, stamps

    def convert_fast(self, photo: Any, *label_and_stamps: Any) -> Any:
        label, stamps = label_and_stamps
        photo, stamps = _stamped("map", to_unit_fast, photo, stamps)
        return photo, label, stamps


def record(name: str, photos: Photos, settings: Settings) -> Timeline:
    """Run the pipeline `name` for two short epochs and note what happened when."""
    few = BATCHES * BATCH_SIZE
    photos = replace(photos, paths=photos.paths[:few], labels=photos.labels[:few])
    batches = pipelines.assemble(
        name, TracedSource(photos, settings.changed(batch_size=BATCH_SIZE), training=True)
    )
    start = time.time()
    spans: list[Span] = []
    ends = []
    for _ in range(EPOCHS):
        spans += _one_epoch(batches)
        ends.append(time.time() - start)
    shifted = (Span(span.stage, span.begin - start, span.end - start) for span in spans)
    return Timeline(name, tuple(sorted(shifted, key=lambda span: span.begin)), tuple(ends))


def draw(timeline: Timeline, path: Path | str) -> None:
    """Draw one pipeline: a row a stage, with as many lanes as it had work under way at once."""
    rows = {
        stage: lanes([span for span in timeline.spans if span.stage == stage]) for stage in STAGES
    }
    heights = [min(max(1, len(rows[stage])), TALLEST) for stage in STAGES]
    with plots.figure(path, 12, 1.6 + 0.28 * sum(heights)) as drawing:
        axes = drawing.add_subplot()
        top = 0
        ticks = []
        for stage, height in zip(STAGES, heights, strict=True):
            for lane, spans in enumerate(rows[stage]):
                thickness = height / len(rows[stage])
                _bars(axes, spans, top + (lane + 0.1) * thickness, 0.8 * thickness)
            ticks.append(top + height / 2)
            top += height
            axes.axhline(top, color="black", linewidth=0.4)
        axes.set_yticks(ticks, STAGES)
        axes.set_ylim(top, 0)
        for end in timeline.epoch_ends[:-1]:
            axes.axvline(end, color="black", linewidth=1, linestyle="--")
        _finish(axes, [timeline], timeline.name)


def draw_all(timelines: Sequence[Timeline], path: Path | str) -> None:
    """Draw all pipelines under each other on one scale of time, a row a stage each."""
    with plots.figure(path, 12, 1.2 + 0.95 * len(timelines)) as drawing:
        axes = drawing.add_subplot()
        for row, timeline in enumerate(timelines):
            for lane, stage in enumerate(STAGES):
                spans = [span for span in timeline.spans if span.stage == stage]
                _bars(axes, spans, row + 0.06 + lane * 0.17, 0.16)
            for end in timeline.epoch_ends:
                axes.plot([end, end], [row + 0.04, row + 0.94], color="black", linewidth=1)
        names = [f"{each.name}\n{each.epoch_ends[-1]:.2f} s" for each in timelines]
        axes.set_yticks([row + 0.5 for row in range(len(timelines))], names)
        axes.set_ylim(len(timelines), 0)
        _finish(axes, timelines, "All pipelines")


def lanes(spans: Sequence[Span]) -> list[list[Span]]:
    """The spans on as few lanes as hold them without overlap, in the order they began."""
    found: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: span.begin):
        for lane in found:
            if lane[-1].end <= span.begin:
                lane.append(span)
                break
        else:
            found.append([span])
    return found


def _stamped(
    stage: str, work: Callable[[Any], Any], given: Any, stamps: Any, after: Any = None
) -> Any:
    """`work(given)`, and the stamps with one more: when it began and ended."""
    with tf.control_dependencies([given if after is None else after]):
        begin = tf.timestamp()
    with tf.control_dependencies([begin]):
        done = work(tf.identity(given))
    with tf.control_dependencies([done]):
        end = tf.timestamp()
    number = tf.constant(STAGES.index(stage), tf.float64)
    stamp = tf.stack([number, begin, end])
    # In a batch the stamp goes to every photo: [batch, stamps, 3].
    shape = tf.concat([tf.shape(stamps)[:-2], [1, 3]], axis=0)
    return done, tf.concat([stamps, tf.broadcast_to(stamp, shape)], axis=-2)


def _one_epoch(batches: tf.data.Dataset) -> list[Span]:
    """The spans of one epoch; what happened before it (and was cached) is left out."""
    start = time.time()
    spans: list[Span] = []
    stamps: list[NDArray[np.float64]] = []
    iterator = iter(batches)
    spans.append(Span("open", start, time.time()))
    while True:
        asked = time.time()
        batch = next(iterator, None)
        given = time.time()
        if batch is None:
            break
        spans.append(Span("wait", asked, given))
        stamps.append(batch[-1].numpy().reshape(-1, 3))
        time.sleep(STEP_SECONDS)
        spans.append(Span("train", given, time.time()))
    for number, begin, end in np.unique(np.concatenate(stamps), axis=0):
        if begin >= start:
            spans.append(Span(STAGES[int(number)], float(begin), float(end)))
    return spans


def _bars(axes: Axes, spans: Sequence[Span], top: float, height: float) -> None:
    extents = [(span.begin, span.end - span.begin) for span in spans]
    colours = [COLOURS[span.stage] for span in spans]
    # The edge keeps what is shorter than a dot visible.
    axes.broken_barh(extents, (top, height), facecolors=colours, edgecolors=colours, linewidth=0.4)


def _finish(axes: Axes, timelines: Sequence[Timeline], title: str) -> None:
    axes.set_xlim(0, max(timeline.epoch_ends[-1] for timeline in timelines))
    axes.set(
        xlabel=f"seconds ({EPOCHS} epochs of {BATCHES} batches of {BATCH_SIZE} photos; "
        f"a step of training is a pause of {1000 * STEP_SECONDS:.0f} ms)",
        title=title,
    )
    for stage in STAGES:
        axes.plot([], [], color=COLOURS[stage], linewidth=6, label=stage)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
