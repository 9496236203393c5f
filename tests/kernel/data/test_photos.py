"""Photos have Keras' order; those that cannot be read are left out, useless sets are refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.kernel_runs import write_split

from kernel.data import photos
from kernel.session import RunError
from kernel.settings.settings import Settings


def settings(folder: Path, **changed: Any) -> Settings:
    return Settings.from_mapping({"data": str(folder), "image_size": 32, **changed})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_split(tmp_path / "data", ("Car", "Truck"), 6, 3)


def test_photos_have_the_order_of_the_course(two_classes: Path) -> None:
    from keras.utils import image_dataset_from_directory

    photo_set = photos.find(settings(two_classes))

    np.random.seed(31415)
    theirs = image_dataset_from_directory(str(two_classes / "train"), image_size=(32, 32))
    assert list(photo_set.train.paths) == theirs.file_paths
    unshuffled = image_dataset_from_directory(
        str(two_classes / "valid"), image_size=(32, 32), shuffle=False
    )
    assert list(photo_set.valid.paths) == unshuffled.file_paths


@pytest.mark.parametrize("subset", ["both", "training", "validation"])
def test_one_folder_is_split_as_in_keras(two_classes: Path, subset: str) -> None:
    from keras.utils import image_dataset_from_directory

    folder = two_classes / "train"
    chosen = settings(folder, validation_split=0.25, subset=subset)
    photo_set = photos.find(chosen)

    theirs = image_dataset_from_directory(
        str(folder),
        image_size=(32, 32),
        validation_split=0.25,
        subset="both",
        seed=photos.dataset_seed(chosen),
    )
    ours = [list(photo_set.train.paths), list(photo_set.valid.paths)]
    assert ours == [each.file_paths for each in theirs]


def test_a_split_that_leaves_one_part_without_a_class_is_refused(two_classes: Path) -> None:
    unshuffled = settings(two_classes / "train", validation_split=0.25, shuffle=False)

    with pytest.raises(RunError, match=r"validation part .* holds no photo of Car"):
        photos.find(unshuffled)


def test_labels_may_be_a_list_in_the_order_of_the_paths(two_classes: Path) -> None:
    folder = two_classes / "valid"
    labels = [7, 7, 3] * 6

    photo_set = photos.find(settings(folder, validation_split=0.5, labels=labels, shuffle=False))

    assert photo_set.train.class_names == ("3", "7")
    assert photo_set.train.labels == (1, 1, 0) * 3


def test_of_a_list_of_labels_so_many_photos_of_each_class_are_drawn(two_classes: Path) -> None:
    folder = two_classes / "valid"
    chosen = {"validation_split": 0.5, "labels": [7, 7, 3] * 6, "photos_per_class": 4}

    photo_set = photos.find(settings(folder, **chosen))

    assert sorted(photo_set.train.labels + photo_set.valid.labels) == [0] * 4 + [1] * 4


def test_a_list_of_labels_with_one_class_is_refused(two_classes: Path) -> None:
    with pytest.raises(RunError, match="holds one class only"):
        photos.find(settings(two_classes / "valid", validation_split=0.5, labels=[7] * 18))


def test_files_that_cannot_be_read_are_left_out_with_a_reason(folder: Path) -> None:
    (folder / "train" / "Car" / "empty.jpg").write_bytes(b"")
    (folder / "train" / "Truck" / "text.png").write_text("notes", encoding="utf-8")

    photo_set = photos.find(settings(folder, max_bad_share=0.5))

    reasons = {Path(each.path).name: each.reason for each in photo_set.skipped}
    assert set(reasons) == {"empty.jpg", "text.png"}
    assert reasons["empty.jpg"] == "zero bytes"
    assert photo_set.train.counts() == {"Car": 6, "Truck": 6}


def test_the_size_is_known_only_if_all_photos_have_the_same(folder: Path) -> None:
    photo_set = photos.find(settings(folder))
    with Image.open(photo_set.train.paths[0]) as first:
        assert photo_set.train.size == first.size[::-1]

    picture = Image.fromarray(np.zeros((7, 9, 3), "uint8"))
    picture.save(folder / "train" / "Car" / "another.png")
    photo_set = photos.find(settings(folder))
    assert photo_set.train.size == ()
    assert photo_set.valid.size != ()


def test_a_skipped_photo_does_not_change_the_order_of_the_others(folder: Path) -> None:
    before = photos.find(settings(folder)).train.paths
    (folder / "train" / "Car" / "000-broken.jpg").write_bytes(b"")

    after = photos.find(settings(folder, max_bad_share=0.5)).train.paths

    assert after == before


def test_too_many_photos_that_cannot_be_read_stop_the_job_and_are_listed(folder: Path) -> None:
    (folder / "train" / "Car" / "broken.jpg").write_bytes(b"")

    with pytest.raises(RunError, match=r"max_bad_share = 0.05:\n.*broken.jpg: zero bytes"):
        photos.find(settings(folder))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: [p.unlink() for p in (f / "train" / "Car").iterdir()], "Car holds no photos"),
        (lambda f: shutil.rmtree(f / "train" / "Car"), "at least two"),
        (lambda f: (f / "valid" / "Car").rename(f / "valid" / "Van"), "different classes"),
        (lambda f: shutil.rmtree(f / "valid"), "no folder 'valid'"),
        (lambda f: [shutil.rmtree(c) for c in (f / "train").iterdir()], "at least two"),
        (lambda f: shutil.rmtree(f), "not attached"),
    ],
    ids=["empty class", "one class", "other classes", "no valid", "no photos", "no data"],
)
def test_photos_that_cannot_be_trained_on_are_refused_with_the_reason(
    folder: Path, damage: Any, message: str
) -> None:
    damage(folder)

    with pytest.raises(RunError, match=message):
        photos.find(settings(folder))


def test_a_class_name_without_a_folder_is_refused_with_the_names_of_the_folders(
    folder: Path,
) -> None:
    with pytest.raises(RunError, match=r"Bus.*holds: Car, Truck"):
        photos.find(settings(folder, class_names=["Bus", "Car"]))


def test_class_names_decide_the_order_of_the_labels(folder: Path) -> None:
    photo_set = photos.find(settings(folder, class_names=["Truck", "Car"]))

    assert photo_set.valid.class_names == ("Truck", "Car")
    assert "Truck" in photo_set.valid.paths[0]
    assert photo_set.valid.labels[0] == 0


def test_a_limited_number_of_photos_is_the_same_selection_every_time(folder: Path) -> None:
    chosen = settings(folder, photos_per_class=2)

    assert photos.find(chosen).train.counts() == {"Car": 2, "Truck": 2}
    assert photos.find(chosen).train.paths == photos.find(chosen).train.paths


def test_photos_are_found_in_the_older_layout_and_in_a_nested_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    nested = tmp_path / "input" / "my-photos" / "my-photos"
    write_split(nested, ("Car", "Truck"), 2, 1)

    assert len(photos.find(Settings.from_mapping({"data": "me/my-photos"})).train) == 4
