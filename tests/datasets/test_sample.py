"""The drawn sample: reproducible, and only the vehicle reveals the class."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

COUNTS = {"train": 4, "valid": 2}
NAME = "car-or-truck-sample"


@pytest.fixture(scope="module")
def sample(recipe: Callable[[str], ModuleType]) -> ModuleType:
    return recipe(NAME)


@pytest.fixture(scope="module")
def drawn(sample: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    sample.render(folder, COUNTS, processes=1)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.jpg")
    }


def open_jpeg(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_number_of_processes_does_not_change_a_byte(
    sample: ModuleType, drawn: Path, tmp_path: Path
) -> None:
    sample.render(tmp_path, COUNTS, processes=2)
    assert hashes(tmp_path) == hashes(drawn)


def test_a_photo_depends_on_no_other_photo(sample: ModuleType, drawn: Path) -> None:
    assert sample.photo("train", "Truck", 3) == (drawn / "train/Truck/0003.jpg").read_bytes()
    assert sample.photo("valid", "Car", 1) == (drawn / "valid/Car/0001.jpg").read_bytes()


def test_every_photo_is_different(drawn: Path) -> None:
    by_name = hashes(drawn)
    assert len(set(by_name.values())) == len(by_name) == 2 * sum(COUNTS.values())


def test_both_classes_have_the_real_names_and_the_same_file_names(
    drawn: Path,
) -> None:
    for split, count in COUNTS.items():
        cars, trucks = sorted((drawn / split).iterdir())
        assert (cars.name, trucks.name) == ("Car", "Truck")
        assert len(list(cars.iterdir())) == count
        assert [p.name for p in sorted(cars.iterdir())] == [
            p.name for p in sorted(trucks.iterdir())
        ]


def test_photos_have_various_sizes_which_do_not_reveal_the_class(sample: ModuleType) -> None:
    sizes = {
        label: [open_jpeg(sample.photo("train", label, index)).size for index in range(12)]
        for label in ("Car", "Truck")
    }
    assert sizes["Car"] == sizes["Truck"]
    assert len(set(sizes["Car"])) > 6
    assert all(min(size) >= 120 for size in sizes["Car"])


def test_brightness_and_colour_do_not_reveal_the_class(sample: ModuleType) -> None:
    def means(label: str) -> np.ndarray:
        photos = (open_jpeg(sample.photo("valid", label, index)) for index in range(40))
        return np.array([np.asarray(photo).mean(axis=(0, 1)) for photo in photos])

    cars, trucks = means("Car"), means("Truck")
    between = np.abs(cars.mean(axis=0) - trucks.mean(axis=0))
    within = np.concatenate([cars, trucks]).std(axis=0)
    assert (between < 0.2 * within).all()


def test_car_and_truck_of_one_scene_differ_where_the_vehicle_stands(sample: ModuleType) -> None:
    for index in range(5):
        car, truck = (
            np.asarray(open_jpeg(sample.photo("train", label, index)), dtype=int)
            for label in ("Car", "Truck")
        )
        changed = (np.abs(car - truck).max(axis=2) > 24).mean()
        assert 0.05 < changed < 0.9


def test_every_kind_of_vehicle_can_be_drawn(sample: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for builders in sample.BUILDERS.values():
        for build in builders.values():
            for _ in range(5):
                length, width, height = build((200, 30, 30), (30, 30, 200), rng).extent()
                assert length > width
                assert length > height > 1.0
