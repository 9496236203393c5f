"""Timelines: real stamps of real pipelines, and the pictures drawn from them."""

import csv
import json
from pathlib import Path

import pytest
from matplotlib.image import imread

from kernel.data import pipelines
from kernel.data.photos import Photos
from kernel.measure import measure, timelines
from kernel.measure.timelines import Span, Timeline
from kernel.settings.settings import Settings

DELAY = 0.004


@pytest.fixture(scope="module")
def photos(two_classes: Path) -> Photos:
    paths = sorted(map(str, (two_classes / "train").rglob("*.*")))
    return Photos(tuple(paths), tuple(int("Truck" in path) for path in paths), ("Car", "Truck"))


@pytest.fixture(scope="module")
def recorded(photos: Photos) -> dict[str, Timeline]:
    settings = Settings(image_size=(32, 32), read_delay_ms=1000 * DELAY)
    return {name: timelines.record(name, photos, settings) for name in pipelines.PIPELINES}


def test_every_pipeline_is_stamped_in_every_stage(recorded: dict[str, Timeline]) -> None:
    for timeline in recorded.values():
        assert {span.stage for span in timeline.spans} == set(timelines.STAGES)
        assert all(0 <= span.begin <= span.end for span in timeline.spans)
        assert timeline.spans[-1].end <= timeline.epoch_ends[-1]
        assert len(timeline.epoch_ends) == timelines.EPOCHS


def test_the_declared_delay_is_seen_in_opening(
    recorded: dict[str, Timeline], photos: Photos
) -> None:
    assert recorded["naive"].seconds("open") >= timelines.EPOCHS * len(photos) * DELAY


def test_what_a_cache_gives_back_is_not_drawn_as_work_of_the_second_epoch(
    recorded: dict[str, Timeline],
) -> None:
    for name in ("course", "cache", "fast"):
        first_end = recorded[name].epoch_ends[0]
        assert not [s for s in recorded[name].spans if s.stage == "read" and s.begin > first_end]
    first_end = recorded["naive"].epoch_ends[0]
    assert [s for s in recorded["naive"].spans if s.stage == "read" and s.begin > first_end]


def test_only_pipelines_that_read_in_parallel_need_lanes(recorded: dict[str, Timeline]) -> None:
    def lanes(name: str) -> int:
        files = [s for s in recorded[name].spans if s.stage == "open"]
        return len(timelines.lanes(files))

    assert lanes("naive") == 1
    assert lanes("interleave") > 2


def test_lanes_hold_every_span_and_no_overlap() -> None:
    spans = [Span("map", 0, 2), Span("map", 1, 3), Span("map", 2, 4), Span("map", 3.5, 5)]
    assert timelines.lanes(spans) == [[spans[0], spans[2]], [spans[1], spans[3]]]


def test_a_timeline_survives_json(recorded: dict[str, Timeline]) -> None:
    timeline = recorded["fast"]
    assert timelines.from_lists(json.loads(json.dumps(timeline.as_lists()))) == timeline


def test_pictures_are_drawn_one_a_pipeline_and_one_of_all(
    recorded: dict[str, Timeline], tmp_path: Path
) -> None:
    timelines.draw(recorded["fast"], tmp_path / "fast.png")
    timelines.draw_all(list(recorded.values()), tmp_path / "all.png")
    assert imread(tmp_path / "fast.png")[..., :3].std() > 0
    assert imread(tmp_path / "all.png")[..., :3].std() > 0


def test_measuring_leaves_a_table_and_pictures_and_nothing_else(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    few = {name: pipelines.PIPELINES[name] for name in ("naive", "fast")}
    monkeypatch.setattr(pipelines, "PIPELINES", few)
    measured = measure.run(Settings(image_size=(32, 32), measure_rounds=1), photos)
    assert [each.name for each in measured] == ["naive", "fast"]
    assert all(each.photos_per_second > 0 < each.peak_bytes for each in measured)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipelines.csv", "timelines"]
    with (tmp_path / "pipelines.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["naive", "fast"]
    pictures = {path.name for path in (tmp_path / "timelines").iterdir()}
    assert pictures == {"naive.png", "fast.png", "all.png"}


def test_a_pipeline_that_cannot_be_measured_is_named_in_one_sentence(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gone = Photos((str(tmp_path / "gone.jpg"),), (0,), photos.class_names)
    with pytest.raises(measure.RunError, match="measuring the pipeline naive failed"):
        measure.run(Settings(measure_rounds=1), gone)
    assert list(tmp_path.iterdir()) == []
