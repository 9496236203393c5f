"""The memory for caches of photos is computed from what is free; larger ones go to disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernel.data import feed, memory, photos
from kernel.settings.settings import Settings


def settings_of(folder: Path, **values: Any) -> Settings:
    given = {"data": str(folder), "image_size": 64, "batch_size": 16, "reshuffle": False, **values}
    return Settings.from_mapping(given)


def test_the_free_memory_of_a_container_is_what_its_limit_leaves(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 64000000 kB\nMemAvailable:   32000000 kB\n")

    assert memory.free_bytes(meminfo, tmp_path) == 32_000_000 << 10

    (tmp_path / "memory.max").write_text("4000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")

    assert memory.free_bytes(meminfo, tmp_path) == 3_000_000

    (tmp_path / "memory.max").write_text("max\n")

    assert memory.free_bytes(meminfo, tmp_path) == 32_000_000 << 10


def test_half_of_the_free_memory_is_for_caches_unless_the_settings_say_how_much() -> None:
    assert memory.budget(Settings.from_mapping({"ram_budget_mb": 3})) == 3 << 20
    assert 0 < memory.budget(Settings()) < memory.free_bytes()


def test_a_cache_that_is_too_large_goes_to_disk_and_the_batches_stay_the_same(
    two_classes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_memory = settings_of(two_classes)
    photo_set = photos.find(in_memory)

    cached = [epoch(0) for epoch in feed.feed(photo_set, in_memory)]
    assert capsys.readouterr().out == ""
    on_disk = [
        epoch(0) for epoch in feed.feed(photo_set, settings_of(two_classes, ram_budget_mb=1))
    ]

    assert "pipeline = course would take 3 MB" in capsys.readouterr().out
    for ours, theirs in zip(cached, on_disk, strict=True):
        for (images, labels), (own_images, own_labels) in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(images, own_images)
            np.testing.assert_array_equal(labels, own_labels)
