"""Pipelines are measured in processes of their own, into a table and pictures."""

import csv
from pathlib import Path

import pytest

from kernel.data.photos import Photos
from kernel.measure import measure
from kernel.settings.settings import Settings


def test_measuring_writes_a_table_and_pictures_and_nothing_else(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    two = ("naive", "fast")
    settings = Settings(image_size=(32, 32), measure_rounds=1, measure_pipelines=two)
    measurements = measure.run(settings, photos)
    assert [each.name for each in measurements] == ["naive", "fast"]
    assert all(each.photos_per_second > 0 < each.peak_bytes for each in measurements)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipelines.csv", "timelines"]
    with (tmp_path / "pipelines.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["naive", "fast"]
    pictures = {path.name for path in (tmp_path / "timelines").iterdir()}
    assert pictures == {"naive.png", "fast.png", "all.png"}


def test_a_pipeline_that_cannot_be_measured_is_named_in_the_error(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = Photos((str(tmp_path / "missing.jpg"),), (0,), photos.class_names)
    with pytest.raises(measure.RunError, match="measuring the pipeline naive failed"):
        measure.run(Settings(measure_rounds=1), missing)
    assert list(tmp_path.iterdir()) == []
