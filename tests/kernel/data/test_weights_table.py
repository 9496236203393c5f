"""Weights of the training photos come from a table, and count in the training loss only."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import Run, write_split

from kernel.data import photos
from kernel.data.photos import PhotoSet
from kernel.session import RunError
from kernel.settings.settings import Settings

FROZEN: dict[str, Any] = {"base": "convnet", "base_trainable": False}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """4 photos of each class to train on and 2 to validate on; names occur in every folder."""
    return write_split(tmp_path / "photos", ("Car", "Truck"), 4, 2)


def table(folder: Path, form: str = "{path}", split: str = "*") -> str:
    """Return a table with the weight 0.5 of each car and 2 of each truck, in a random order."""
    rows = []
    for path in sorted(folder.glob(f"{split}/*/*")):
        below = path.relative_to(folder)
        name = form.format(path=below.as_posix(), below="/".join(below.parts[1:]))
        rows.append(f"{name},{0.5 if path.parent.name == 'Car' else 2}")
    random.Random(0).shuffle(rows)
    return "\n".join(["file,weight", *rows])


def find(folder: Path, content: str, **changed: Any) -> PhotoSet:
    (folder / "weights.csv").write_text(content, encoding="utf-8")
    chosen = {"data": str(folder), "weights_csv": "weights.csv", **FROZEN, **changed}
    return photos.find(Settings.from_mapping(chosen))


@pytest.mark.parametrize(("form", "split"), [("{path}", "*"), ("{below}", "train")])
def test_each_training_photo_has_its_weight_however_it_is_named(
    form: str, split: str, folder: Path
) -> None:
    photo_set = find(folder, table(folder, form, split))

    assert photo_set.train.weights == tuple((0.5, 2.0)[label] for label in photo_set.train.labels)
    assert photo_set.valid.weights == ()


def test_a_split_folder_and_a_part_of_the_photos_take_their_weights_from_the_same_table(
    folder: Path,
) -> None:
    split = find(folder / "train", table(folder, "{below}", "train"), validation_split=0.5)
    drawn = find(folder, table(folder), photos_per_class=2)

    for photo_set, count in ((split, 4), (drawn, 4)):
        assert len(photo_set.train.weights) == count
        assert set(photo_set.train.weights) == {0.5, 2.0}


@pytest.mark.parametrize("form", ["{path}", "photos/{path}"])
def test_the_table_may_stand_beside_the_folder_that_holds_all_photos(
    form: str, folder: Path, tmp_path: Path
) -> None:
    photo_set = find(tmp_path, table(folder, form))

    assert photo_set.train.weights == tuple((0.5, 2.0)[label] for label in photo_set.train.labels)


def test_no_table_is_taken_from_beside_several_folders(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()

    (tmp_path / "weights.csv").write_text(table(folder), encoding="utf-8")
    with pytest.raises(RunError, match=r"photos holds no weights\.csv"):
        photos.find(
            Settings.from_mapping({"data": str(folder), "weights_csv": "weights.csv", **FROZEN})
        )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("file,weight\ntrain/Car/000.png,1", "has no weight for 7 of 8 photos to train on"),
        ("file,weight\nelsewhere.png,1", "has no weight for 8 of 8 photos to train on"),
        ("file,label\ntrain/Car/000.png,1", "no column that is called `weight`"),
        ("file,weight\ntrain/Car/000.png,0,5", "Write decimals with a point"),
        ("train/Car/000.png,1,0.5", "no column that is called `weight`"),
    ],
)
def test_a_table_that_leaves_photos_out_is_refused(
    content: str, sentence: str, folder: Path
) -> None:
    with pytest.raises(RunError, match=sentence):
        find(folder, content)


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "much"])
def test_a_weight_that_is_none_is_refused(value: str, folder: Path) -> None:
    with pytest.raises(RunError, match="a weight is 0 or more"):
        find(folder, table(folder).replace("0.5", value))


def test_weights_that_are_all_zero_are_refused(folder: Path) -> None:
    zero = table(folder).replace("0.5", "0").replace(",2", ",0")

    with pytest.raises(RunError, match="gives every photo to train on the weight 0"):
        find(folder, zero)


def test_weights_change_the_training_unless_all_are_alike(
    tmp_path: Path, run_job: Callable[..., Run]
) -> None:
    folder = write_split(tmp_path / "photos", ("Car", "Truck"), 20, 6)
    settings = {"data": str(folder), "epochs": 1, **FROZEN}
    (folder / "weights.csv").write_text(table(folder), encoding="utf-8")

    plain = run_job("plain", **settings)
    weighted = run_job("weighted", **settings, weights_csv="weights.csv")
    (folder / "weights.csv").write_text(
        table(folder).replace("0.5", "3").replace(",2", ",3"), encoding="utf-8"
    )
    alike = run_job("alike", **settings, weights_csv="weights.csv")

    assert any(not np.allclose(*pair) for pair in zip(plain.weights, weighted.weights, strict=True))
    for one, other in zip(plain.weights, alike.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_other_weights_is_not_resumed(folder: Path) -> None:
    from kernel.fit import start

    def identity(content: str) -> str:
        chosen = {"data": str(folder), "weights_csv": "weights.csv", **FROZEN}
        settings = Settings.from_mapping({**chosen, "image_size": 32})
        return start.prepare(settings, find(folder, content, image_size=32)).checkpoints().identity

    same = [identity(table(folder)) for _ in range(2)]
    assert same[0] == same[1]
    assert identity(table(folder).replace("0.5", "0.25")) != same[0]


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_weights_have_the_mean_1_and_balance_the_classes_where_asked(
    class_weight: str, folder: Path
) -> None:
    from kernel.fit.photo_weights import photo_weights

    train = find(folder, table(folder)).train
    settings = Settings.from_mapping({**FROZEN, "class_weight": class_weight})
    weights = photo_weights(train, settings)

    assert weights is not None and weights.mean() == pytest.approx(1)
    sums = np.bincount(train.labels, weights)
    assert sums[1] / sums[0] == pytest.approx(1 if class_weight == "balanced" else 4)
