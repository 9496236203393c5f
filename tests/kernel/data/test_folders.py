"""Folders of photos as people have them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.kernel_runs import write_photo, write_split

from kernel.data import photos
from kernel.session import RunError
from kernel.settings.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_split(tmp_path / "data", ("Car", "Truck"), 6, 3)


def settings(folder: Path, **changed: Any) -> Settings:
    return Settings.from_mapping({"data": str(folder), "image_size": 32, **changed})


def test_files_that_are_no_photos_are_one_line_and_count_for_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        (folder / "train" / "Car" / f"{number:03d}.xml").touch()
    for name in ("Thumbs.db", "desktop.ini", "._000.jpg", "LICENSE"):
        (folder / "train" / "Truck" / name).write_bytes(b"no photo")
    (folder / "train" / "__MACOSX").mkdir()
    resource_forks = folder / "train" / "Car" / "__MACOSX"
    resource_forks.mkdir()
    (resource_forks / "000.jpg").write_bytes(b"no photo")

    photo_set = photos.find(settings(folder, max_bad_share=0.0, photos_per_class=4))

    assert photo_set.train.counts() == {"Car": 4, "Truck": 4}
    assert not photo_set.skipped
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "left out 33 files that are no photos (30 x .xml, 1 x no ending, 1 x .db, 1 x .ini)"
    ]


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_photos_that_stand_some_folders_deeper_are_found(folder: Path, levels: int) -> None:
    outer = folder.parent / "outer"
    deep = outer / "/".join(["Photos 2.0", "inner", "most"][:levels])
    deep.parent.mkdir(parents=True)
    folder.rename(deep)
    (outer / "__MACOSX").mkdir()

    assert len(photos.find(settings(outer)).train) == 12


def test_class_folders_that_stand_deeper_are_found(folder: Path) -> None:
    outer = folder.parent / "outer"
    outer.mkdir()
    (folder / "train").rename(outer / "PetImages")

    photo_set = photos.find(settings(outer, validation_split=0.5))

    assert photo_set.train.class_names == ("Car", "Truck")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("photos.zip", "Unpack it on your machine"),
        ("docs/train.tfrec", "Write its photos as JPEG or PNG files first"),
        ("train/photos.zip", "Unpack it on your machine"),
    ],
)
def test_packed_photos_are_refused_with_what_helps(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()

    with pytest.raises(RunError, match=f"{name} is not read.*{advice}"):
        photos.find(settings(tmp_path, valid_folder="train"))


def test_class_folders_of_packed_photos_are_refused_with_what_helps(folder: Path) -> None:
    shutil.rmtree(folder / "train" / "Car")
    (folder / "train" / "Car").mkdir()
    (folder / "train" / "Car" / "photos.zip").touch()

    with pytest.raises(RunError, match=r"Car/photos\.zip is not read.*Unpack it"):
        photos.find(settings(folder))


@pytest.mark.parametrize("table", [True, False])
def test_photos_in_one_folder_without_classes_are_refused_with_what_helps(
    tmp_path: Path, table: bool
) -> None:
    write_photo(tmp_path / "0.jpg", 0, 0)
    if table:
        (tmp_path / "breeds.csv").write_text("file,breed\n0.jpg,pug\n", "utf-8")

    with pytest.raises(RunError, match="need a folder for each class, or a table") as refused:
        photos.find(settings(tmp_path))

    assert ("labels_csv = 'breeds.csv'" in str(refused.value)) == table


def test_webp_and_tiff_are_photos_whatever_their_name(folder: Path) -> None:
    from kernel.data import pipelines

    first, second, third = sorted((folder / "valid" / "Car").iterdir())
    pixels = np.random.RandomState(0).randint(0, 256, (40, 40, 3)).astype("uint8")
    Image.fromarray(pixels).save(first, "webp", lossless=True)
    Image.fromarray(pixels).save(second.with_suffix(".tiff"))
    second.unlink()
    sixteen_bits = pixels[..., 0].astype("uint16") << 8
    Image.fromarray(sixteen_bits).save(third.with_suffix(".tif"))
    third.unlink()
    chosen = settings(folder, image_size=40)

    photo_set = photos.find(chosen)

    assert not photo_set.skipped
    loaded = [
        np.concatenate([np.asarray(images) for images, _ in batches])
        for batches in (
            pipelines.build(name, photo_set.valid, chosen, training=False)
            for name in ("course", "fast")
        )
    ]
    np.testing.assert_array_equal(*loaded)
    np.testing.assert_array_equal(np.rint(255 * loaded[0][0]), pixels)
    np.testing.assert_array_equal(np.rint(255 * loaded[0][1]), pixels)
    np.testing.assert_array_equal(np.rint(255 * loaded[0][2])[..., 1], pixels[..., 0])


def test_a_bmp_with_a_palette_has_the_colours_of_its_palette(folder: Path) -> None:
    from kernel.data import pipelines

    first = sorted((folder / "valid" / "Car").iterdir())[0]
    pixels = np.random.RandomState(0).randint(0, 256, (40, 40, 3)).astype("uint8")
    indexed = Image.fromarray(pixels).quantize(16)
    indexed.save(first, "bmp")
    chosen = settings(folder, image_size=40)

    for name in ("course", "fast"):
        batches = pipelines.build(name, photos.find(chosen).valid, chosen, training=False)
        photo = np.asarray(next(iter(batches))[0][0])
        np.testing.assert_array_equal(np.rint(255 * photo), np.asarray(indexed.convert("RGB")))


def test_photos_in_hidden_folders_are_none(folder: Path) -> None:
    before = photos.find(settings(folder))
    for hidden in ("train/Car/.ipynb_checkpoints", "valid/Truck/.thumbnails/deeper"):
        write_photo(folder / hidden / "x.png", label=0, seed=1)

    assert photos.find(settings(folder)) == before


def test_a_damaged_webp_is_left_out_with_a_reason(folder: Path) -> None:
    picture = folder / "train" / "Car" / "damaged.webp"
    write_photo(picture, label=0, seed=1)
    picture.write_bytes(picture.read_bytes()[:-40])

    (skipped,) = photos.find(settings(folder, max_bad_share=0.5)).skipped

    assert skipped.path == str(picture)
    assert skipped.reason.startswith(("cannot be decoded", "not a picture"))


def test_a_tiff_whose_range_nobody_knows_is_left_out(folder: Path) -> None:
    picture = folder / "train" / "Car" / "floats.tiff"
    Image.fromarray(np.full((40, 40), 0.5, "float32")).save(picture)

    (skipped,) = photos.find(settings(folder, max_bad_share=0.5)).skipped

    assert skipped.reason == "cannot be decoded: its values have 32 bits: save it with 8"


def test_photos_may_be_in_an_attached_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "input" / "models" / "google" / "net" / "keras" / "small" / "1"
    model.parent.mkdir(parents=True)
    shutil.move(folder, model)
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")

    chosen = Settings.from_mapping({"data": "google/net/keras/small/1", "image_size": 32})

    assert len(photos.find(chosen).train) == 12
    assert len(photos.find(chosen.changed(data="google/net/keras/small")).train) == 12
    with pytest.raises(RunError, match="attached: google/net/keras/small/1"):
        photos.find(chosen.changed(data="ada/others"))


def test_kitctl_checks_the_photos_that_the_job_reads() -> None:
    from kernel.data.inspection import EXTENSIONS
    from kitctl.domain.data.photo_folder import PHOTO_ENDINGS

    assert sorted(PHOTO_ENDINGS) == sorted(EXTENSIONS)
