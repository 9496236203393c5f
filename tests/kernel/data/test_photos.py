"""Photos come in Keras' order; bad ones are named and left out, useless sets are refused."""

import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.kernel_runs import write_photo, write_split

from kernel.data import photos
from kernel.session import RunError
from kernel.settings.settings import Settings


def settings(folder: Path, **changed: Any) -> Settings:
    return Settings.from_mapping({"data": str(folder), "image_size": 32, **changed})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_split(tmp_path / "data", ("Car", "Truck"), 6, 3)


def test_photos_come_in_the_order_of_the_course(two_classes: Path) -> None:
    from keras.utils import image_dataset_from_directory

    found = photos.find(settings(two_classes))

    np.random.seed(31415)
    theirs = image_dataset_from_directory(str(two_classes / "train"), image_size=(32, 32))
    assert list(found.train.paths) == theirs.file_paths
    unshuffled = image_dataset_from_directory(
        str(two_classes / "valid"), image_size=(32, 32), shuffle=False
    )
    assert list(found.valid.paths) == unshuffled.file_paths


@pytest.mark.parametrize("subset", ["both", "validation"])
def test_one_folder_is_split_as_keras_splits_it(two_classes: Path, subset: str) -> None:
    from keras.utils import image_dataset_from_directory

    folder = two_classes / "train"
    chosen = settings(folder, validation_split=0.25, subset=subset)
    found = photos.find(chosen)

    theirs = image_dataset_from_directory(
        str(folder),
        image_size=(32, 32),
        validation_split=0.25,
        subset="both",
        seed=photos.dataset_seed(chosen),
    )
    ours = [list(found.train.paths), list(found.valid.paths)]
    expected = [each.file_paths for each in theirs]
    assert ours == (expected if subset == "both" else expected[::-1])


def test_labels_may_be_a_list_in_the_order_of_the_paths(two_classes: Path) -> None:
    folder = two_classes / "valid"
    labels = [7] * 9 + [3] * 9

    found = photos.find(settings(folder, validation_split=0.5, labels=labels, shuffle=False))

    assert found.train.class_names == ("3", "7")
    assert found.train.labels == (1,) * 9


def bad_photos(folder: Path) -> dict[str, bool]:
    """Awkward files in a class folder; whether each can be decoded all the same."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.random.RandomState(0).randint(0, 255, (40, 40, 3)).astype("uint8"))
    picture.save(folder / "whole.jpg")
    picture.save(folder / "whole.png")
    for name in ("whole.jpg", "whole.png"):
        data = (folder / name).read_bytes()
        (folder / f"truncated-{name}").write_bytes(data[: len(data) // 2])
    (folder / "zero.jpg").write_bytes(b"")
    (folder / "text.jpg").write_bytes(b"not a picture at all")
    (folder / "notes.txt").write_text("notes", encoding="utf-8")
    picture.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.full((40, 40), 40000, "uint16")).save(folder / "sixteen-bit.png")
    picture.save(folder / "one.gif")
    picture.save(folder / "animated.gif", save_all=True, append_images=[picture.rotate(90)])
    picture.save(folder / "with spaces.jpg")
    picture.save(folder / "Größe-卡车.png")
    picture.save(folder / "palette.bmp")
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    (folder / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )  # fmt: skip
    return {
        "whole.jpg": True, "whole.png": True, "truncated-whole.jpg": False,
        "truncated-whole.png": False, "zero.jpg": False, "text.jpg": False, "notes.txt": False,
        "cmyk.jpg": True, "sixteen-bit.png": True, "one.gif": True, "animated.gif": True,
        "with spaces.jpg": True, "Größe-卡车.png": True, "palette.bmp": True, "bomb.png": False,
    }  # fmt: skip


def test_what_decodes_is_kept_and_the_rest_is_named_with_a_reason(folder: Path) -> None:
    expected = bad_photos(folder / "train" / "Car")

    found = photos.find(settings(folder, max_bad_share=0.5))

    kept = {Path(path).name for path in found.train.paths}
    assert {name: name in kept for name in expected} == expected
    reasons = {Path(bad.path).name: bad.reason for bad in found.skipped}
    assert set(reasons) == {name for name, good in expected.items() if not good}
    assert reasons["zero.jpg"] == "zero bytes"
    assert "60000 x 60000" in reasons["bomb.png"]
    assert all(reasons.values())


def test_the_size_is_known_where_all_photos_surely_have_the_same(folder: Path) -> None:
    found = photos.find(settings(folder))
    with Image.open(found.train.paths[0]) as first:
        assert found.train.size == first.size[::-1]

    picture = Image.fromarray(np.zeros((7, 9, 3), "uint8"))
    picture.save(folder / "train" / "Car" / "another.png")
    found = photos.find(settings(folder))
    assert found.train.size == ()
    assert found.valid.size != ()


def test_leaving_photos_out_gives_the_order_of_a_folder_without_them(folder: Path) -> None:
    before = photos.find(settings(folder)).train.paths
    (folder / "train" / "Car" / "000-broken.jpg").write_bytes(b"")

    after = photos.find(settings(folder, max_bad_share=0.5)).train.paths

    assert after == before


def test_a_photo_that_only_looks_whole_is_found_by_decoding_all(folder: Path) -> None:
    sham = folder / "train" / "Car" / "sham.png"
    write_photo(sham, 0, 0)
    data = sham.read_bytes()
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    body = b"IDAT" + bytes(length)
    sham.write_bytes(
        data[:start] + body + struct.pack(">I", zlib.crc32(body)) + data[start + 8 + length :]
    )
    chosen = settings(folder, max_bad_share=0.5)

    assert str(sham) in photos.find(chosen).train.paths
    assert str(sham) not in photos.find(chosen, decode_all=True).train.paths


def test_too_many_bad_photos_stop_the_job_and_are_listed(folder: Path) -> None:
    (folder / "train" / "Car" / "broken.jpg").write_bytes(b"")

    with pytest.raises(RunError, match=r"max_bad_share = 0.05:\n.*broken.jpg: zero bytes"):
        photos.find(settings(folder))


@pytest.mark.parametrize(
    ("break_it", "says"),
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
def test_photos_that_cannot_be_trained_on_are_told_before_any_training(
    folder: Path, break_it: Any, says: str
) -> None:
    break_it(folder)

    with pytest.raises(RunError, match=says):
        photos.find(settings(folder))


def test_a_class_name_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(RunError, match=r"Bus.*holds: Car, Truck"):
        photos.find(settings(folder, class_names=["Bus", "Car"]))


def test_class_names_choose_the_order_of_the_labels(folder: Path) -> None:
    found = photos.find(settings(folder, class_names=["Truck", "Car"]))

    assert found.valid.class_names == ("Truck", "Car")
    assert "Truck" in found.valid.paths[0]
    assert found.valid.labels[0] == 0


def test_a_share_of_the_photos_is_the_same_share_every_time(folder: Path) -> None:
    chosen = settings(folder, photos_per_class=2)

    assert photos.find(chosen).train.counts() == {"Car": 2, "Truck": 2}
    assert photos.find(chosen).train.paths == photos.find(chosen).train.paths


def test_the_older_layout_and_a_nested_folder_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    nested = tmp_path / "input" / "my-photos" / "my-photos"
    write_split(nested, ("Car", "Truck"), 2, 1)

    assert len(photos.find(Settings.from_mapping({"data": "me/my-photos"})).train) == 4
