"""Timelines: when each part of a pipeline worked, recorded and drawn.

Each step of a pipeline reads the clock before and after its work (`tf.timestamp`, ordered by
control dependencies) and passes the times on together with the photo. So the recording shows the
overlap in the real pipeline, with an overhead of about 5 %. A training step is simulated by a
pause of fixed length, because a working accelerator leaves the CPU to the pipeline.
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

ACTIVITIES = ("open", "read", "map", "wait", "train")
COLOURS = dict(
    zip(ACTIVITIES, ("#9e9e9e", "#4c78a8", "#f2a03d", "#d1495b", "#5aa469"), strict=True)
)
BATCH_SIZE = 16
BATCHES = 6
EPOCHS = 2
STEP_SECONDS = 0.015
FULL_HEIGHT_LANES = 5  # in a row of the picture; with more of them, each is drawn thinner


@dataclass(frozen=True)
class Span:
    """A piece of work: its activity, and its begin and end in seconds from the start."""

    activity: str
    begin: float
    end: float


@dataclass(frozen=True)
class Timeline:
    """All spans of a pipeline and its training, and the end of each epoch, in seconds."""

    name: str
    spans: tuple[Span, ...]
    epoch_ends: tuple[float, ...]

    def seconds(self, activity: str) -> float:
        """Return the total time of an activity; what runs in parallel is added up."""
        return sum(span.end - span.begin for span in self.spans if span.activity == activity)

    def as_lists(self) -> dict[str, object]:
        """Return the timeline in a form for JSON; `from_lists` reads it."""
        spans = [[span.activity, span.begin, span.end] for span in self.spans]
        return {"name": self.name, "spans": spans, "epoch_ends": list(self.epoch_ends)}


def from_lists(lists: Mapping[str, object]) -> Timeline:
    """Return the timeline that `as_lists` converted."""
    spans = tuple(Span(*span) for span in lists["spans"])  # type: ignore[attr-defined]
    return Timeline(str(lists["name"]), spans, tuple(lists["epoch_ends"]))  # type: ignore[arg-type]


class TracedSource(PhotoSource):
    """A source whose elements have one more part, their stamps: [stamps, 3], float64.

    A stamp is the index of an activity, its begin and its end (seconds since 1970).
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
        """Open the file, which takes a moment over a network (`read_delay_ms` simulates it)."""
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

        signature = self.decoder.pixels, tf.TensorSpec((None, 3), tf.float64)
        photos, stamps = map_elements(load, (paths, stamps), signature)
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
    """Run the pipeline `name` for two short epochs and record its timeline."""
    count = BATCHES * BATCH_SIZE
    photos = replace(photos, paths=photos.paths[:count], labels=photos.labels[:count])
    batches = pipelines.assemble(
        name, TracedSource(photos, settings.changed(batch_size=BATCH_SIZE), training=True)
    )
    start = time.time()
    spans: list[Span] = []
    ends = []
    for _ in range(EPOCHS):
        spans += _one_epoch(batches)
        ends.append(time.time() - start)
    shifted = (Span(span.activity, span.begin - start, span.end - start) for span in spans)
    return Timeline(name, tuple(sorted(shifted, key=lambda span: span.begin)), tuple(ends))


def draw(timeline: Timeline, path: Path | str) -> None:
    """Draw one pipeline: a row per activity, with a lane for each that ran at the same time."""
    rows = [lanes(_spans_of(timeline, activity)) for activity in ACTIVITIES]
    heights = [min(max(1, len(row)), FULL_HEIGHT_LANES) for row in rows]
    with plots.figure(path, 12, 1.6 + 0.28 * sum(heights)) as drawing:
        axes = drawing.add_subplot()
        top = 0
        ticks = []
        for row, height in zip(rows, heights, strict=True):
            for lane, spans in enumerate(row):
                thickness = height / len(row)
                _bars(axes, spans, top + (lane + 0.1) * thickness, 0.8 * thickness)
            ticks.append(top + height / 2)
            top += height
            axes.axhline(top, color="black", linewidth=0.4)
        axes.set_yticks(ticks, ACTIVITIES)
        axes.set_ylim(top, 0)
        for end in timeline.epoch_ends[:-1]:
            axes.axvline(end, color="black", linewidth=1, linestyle="--")
        _add_legend(axes, [timeline], timeline.name)


def draw_all(timelines: Sequence[Timeline], path: Path | str) -> None:
    """Draw all pipelines below each other on one time scale, each with a row per activity."""
    with plots.figure(path, 12, 1.2 + 0.95 * len(timelines)) as drawing:
        axes = drawing.add_subplot()
        for row, timeline in enumerate(timelines):
            for lane, activity in enumerate(ACTIVITIES):
                _bars(axes, _spans_of(timeline, activity), row + 0.06 + lane * 0.17, 0.16)
            for end in timeline.epoch_ends:
                axes.plot([end, end], [row + 0.04, row + 0.94], color="black", linewidth=1)
        names = [f"{each.name}\n{each.epoch_ends[-1]:.2f} s" for each in timelines]
        axes.set_yticks([row + 0.5 for row in range(len(timelines))], names)
        axes.set_ylim(len(timelines), 0)
        _add_legend(axes, timelines, "All pipelines")


def lanes(spans: Sequence[Span]) -> list[list[Span]]:
    """Distribute spans over as few lanes as possible, so that none overlap in a lane."""
    result: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: span.begin):
        for lane in result:
            if lane[-1].end <= span.begin:
                lane.append(span)
                break
        else:
            result.append([span])
    return result


def _spans_of(timeline: Timeline, activity: str) -> list[Span]:
    return [span for span in timeline.spans if span.activity == activity]


def _stamped(
    activity: str, work: Callable[[Any], Any], argument: Any, stamps: Any, after: Any = None
) -> Any:
    """Return `work(argument)`, and the stamps with another one for this work.

    The work begins when `after` is computed, by default its argument.
    """
    with tf.control_dependencies([argument if after is None else after]):
        begin = tf.timestamp()
    with tf.control_dependencies([begin]):
        result = work(tf.identity(argument))
    with tf.control_dependencies([result]):
        end = tf.timestamp()
    index = tf.constant(ACTIVITIES.index(activity), tf.float64)
    stamp = tf.stack([index, begin, end])
    # In a batch every photo gets the stamp: [batch, stamps, 3].
    shape = tf.concat([tf.shape(stamps)[:-2], [1, 3]], axis=0)
    return result, tf.concat([stamps, tf.broadcast_to(stamp, shape)], axis=-2)


def _one_epoch(batches: tf.data.Dataset) -> list[Span]:
    """Run one epoch and return its spans, without those of cached photos from an earlier one."""
    start = time.time()
    spans: list[Span] = []
    stamps: list[NDArray[np.float64]] = []
    iterator = iter(batches)
    spans.append(Span("open", start, time.time()))
    while True:
        wait_start = time.time()
        batch = next(iterator, None)
        wait_end = time.time()
        if batch is None:
            break
        spans.append(Span("wait", wait_start, wait_end))
        stamps.append(batch[-1].numpy().reshape(-1, 3))
        time.sleep(STEP_SECONDS)
        spans.append(Span("train", wait_end, time.time()))
    for index, begin, end in np.unique(np.concatenate(stamps), axis=0):
        if begin >= start:
            spans.append(Span(ACTIVITIES[int(index)], float(begin), float(end)))
    return spans


def _bars(axes: Axes, spans: Sequence[Span], top: float, height: float) -> None:
    extents = [(span.begin, span.end - span.begin) for span in spans]
    colours = [COLOURS[span.activity] for span in spans]
    # With an edge, spans shorter than a pixel stay visible.
    axes.broken_barh(extents, (top, height), facecolors=colours, edgecolors=colours, linewidth=0.4)


def _add_legend(axes: Axes, timelines: Sequence[Timeline], title: str) -> None:
    axes.set_xlim(0, max(timeline.epoch_ends[-1] for timeline in timelines))
    axes.set(
        xlabel=f"seconds ({EPOCHS} epochs of {BATCHES} batches of {BATCH_SIZE} photos; "
        f"a training step is a pause of {1000 * STEP_SECONDS:.0f} ms)",
        title=title,
    )
    for activity in ACTIVITIES:
        axes.plot([], [], color=COLOURS[activity], linewidth=6, label=activity)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
