"""Timelines are recorded in real pipelines, and drawn."""

import json
from pathlib import Path

import pytest
from support.pictures import is_drawn

from kernel.data import pipelines
from kernel.data.photos import Photos
from kernel.measure import timelines
from kernel.measure.timelines import Span, Timeline
from kernel.settings.settings import Settings

DELAY = 0.004


@pytest.fixture(scope="module")
def recorded(photos: Photos) -> dict[str, Timeline]:
    settings = Settings(image_size=(32, 32), read_delay_ms=1000 * DELAY)
    return {name: timelines.record(name, photos, settings) for name in pipelines.PIPELINES}


def test_every_pipeline_records_every_activity(recorded: dict[str, Timeline]) -> None:
    for timeline in recorded.values():
        assert {span.activity for span in timeline.spans} == set(timelines.ACTIVITIES)
        assert all(0 <= span.begin <= span.end for span in timeline.spans)
        assert timeline.spans[-1].end <= timeline.epoch_ends[-1]
        assert len(timeline.epoch_ends) == timelines.EPOCHS


def test_a_read_delay_shows_up_as_time_spent_opening_files(
    recorded: dict[str, Timeline], photos: Photos
) -> None:
    assert recorded["naive"].seconds("open") >= timelines.EPOCHS * len(photos) * DELAY


def test_photos_from_a_cache_are_not_recorded_as_work_of_the_second_epoch(
    recorded: dict[str, Timeline],
) -> None:
    for name in ("course", "cache", "fast"):
        first_end = recorded[name].epoch_ends[0]
        assert not [s for s in recorded[name].spans if s.activity == "read" and s.begin > first_end]
    first_end = recorded["naive"].epoch_ends[0]
    assert [s for s in recorded["naive"].spans if s.activity == "read" and s.begin > first_end]


def test_only_pipelines_that_read_in_parallel_need_several_lanes(
    recorded: dict[str, Timeline],
) -> None:
    def lanes(name: str) -> int:
        files = [s for s in recorded[name].spans if s.activity == "open"]
        return len(timelines.lanes(files))

    assert lanes("naive") == 1
    assert lanes("interleave") > 2


def test_lanes_hold_every_span_without_overlap() -> None:
    spans = [Span("map", 0, 2), Span("map", 1, 3), Span("map", 2, 4), Span("map", 3.5, 5)]
    assert timelines.lanes(spans) == [[spans[0], spans[2]], [spans[1], spans[3]]]


def test_a_timeline_is_the_same_after_a_round_trip_through_json(
    recorded: dict[str, Timeline],
) -> None:
    timeline = recorded["fast"]
    assert timelines.from_lists(json.loads(json.dumps(timeline.as_lists()))) == timeline


def test_a_picture_is_drawn_of_one_pipeline_and_of_all(
    recorded: dict[str, Timeline], tmp_path: Path
) -> None:
    timelines.draw(recorded["fast"], tmp_path / "fast.png")
    timelines.draw_all(list(recorded.values()), tmp_path / "all.png")
    assert is_drawn(tmp_path / "fast.png")
    assert is_drawn(tmp_path / "all.png")
