"""Data from packages: only the checked file is opened, and nothing is written elsewhere."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.wheels import png, write_wheel

INSIDE = "elpv_dataset/data/"
ROWS = {
    # Two of each are the same picture, and one picture (230) is in both classes.
    **{f"cell000{n}.png": ("0.0", 10 * n) for n in range(1, 6)},
    "cell0006.png": ("0.0", 10),
    **{f"cell001{n}.png": ("1.0", 100 + 10 * n) for n in range(1, 6)},
    "cell0016.png": ("1.0", 110),
    "cell0020.png": ("0.0", 230),
    "cell0021.png": ("1.0", 230),
    "cell0030.png": ("0.3333333333333333", 250),
}


@pytest.fixture
def solar(recipe: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The recipe of the solar cells, with 3 + 2 photos of each class."""
    module = recipe("solar-cells")
    monkeypatch.setattr(module, "SPLITS", {"train": 3, "valid": 2})
    return module


def elpv_members(rows: Mapping[str, tuple[str, int]] = ROWS, **changed: bytes) -> dict[str, bytes]:
    """Return the members of a small ELPV package: its table and its photos."""
    table = "".join(f"images/{name}  {chance}   mono\n" for name, (chance, _) in rows.items())
    photos = {f"{INSIDE}images/{name}": png(shade) for name, (_, shade) in rows.items()}
    return {f"{INSIDE}labels.csv": table.encode(), **photos, **changed}


def publish(solar: ModuleType, folder: Path, content: Mapping[str, bytes]) -> Any:
    """Write the package where pip finds it; return its name and hash as a recipe has them."""
    wheel = write_wheel(folder, solar.ELPV.name, solar.ELPV.version, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return type(solar.ELPV)(solar.ELPV.name, solar.ELPV.version, wheel.name, digest, 1)


def error_of(solar: ModuleType, folder: Path, package: Any) -> str:
    """Return the message of the error with which the recipe fails."""
    with pytest.raises(solar.RecipeError) as caught:
        solar.make(folder, package)
    return str(caught.value)


def file_names(folder: Path) -> dict[str, set[str]]:
    """Return `split/class` → names of its photos."""
    return {
        place.relative_to(folder).as_posix(): {p.name for p in place.iterdir()}
        for place in folder.glob("*/*")
    }


def test_photos_are_laid_out_in_two_splits_each_picture_once(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    solar.make(folder, publish(solar, package_folder, elpv_members()))
    counts = {place: len(names) for place, names in file_names(folder).items()}
    assert counts == {
        "train/functional": 3,
        "valid/functional": 2,
        "train/defective": 3,
        "valid/defective": 2,
    }
    shades = [path.read_bytes() for path in folder.rglob("*.png")]
    assert len(set(shades)) == len(shades)
    assert png(230) not in shades
    assert png(250) not in shades


def test_the_split_is_always_the_same(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    reversed_rows = dict(reversed(ROWS.items()))
    solar.make(tmp_path / "a", publish(solar, package_folder, elpv_members()))
    (tmp_path / "home" / "packages" / solar.ELPV.file).unlink()
    solar.make(tmp_path / "b", publish(solar, package_folder, elpv_members(reversed_rows)))
    assert file_names(tmp_path / "a") == file_names(tmp_path / "b")


def test_all_photos_are_laid_out_with_how_probable_their_labels_are(
    solar: ModuleType, package_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chances = ("0.0", "0.3333333333333333", "0.6666666666666666", "1.0")
    rows = {
        f"cell{number:04}.png": (chance, 4 * number)
        for number, chance in enumerate(chances * 4, start=1)
    }
    monkeypatch.setattr(solar, "ALL_PHOTOS", 16)
    monkeypatch.setattr(solar, "ALL_TEST", 4)
    folder = tmp_path / "all"
    solar.make_all(folder, publish(solar, package_folder, elpv_members(rows)))

    table = csv.DictReader((folder / "weights.csv").read_text("utf-8").splitlines())
    found = {row["file"]: row["weight"] for row in table}
    assert set(found) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    expected = {
        chances[0]: ("functional", "1"),
        chances[1]: ("functional", "0.6667"),
        chances[2]: ("defective", "0.6667"),
        chances[3]: ("defective", "1"),
    }
    for file, weight in found.items():
        _, label, name = file.split("/")
        assert (label, weight) == expected[rows[name][0]]
    assert len(list((folder / "valid").rglob("*.png"))) == 4


def test_a_package_with_another_hash_is_refused_unopened(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    package = publish(solar, package_folder, elpv_members())
    write_wheel(package_folder, package.name, package.version, {"other.txt": b"something else"})
    message = error_of(solar, tmp_path / "files", package)
    assert "sha256" in message
    assert package.sha256 in message
    assert not (tmp_path / "files").exists()
    assert list((tmp_path / "home" / "packages").iterdir()) == []


def test_a_package_that_cannot_be_fetched_gives_a_clear_error(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    message = error_of(solar, tmp_path / "files", solar.ELPV)
    assert message.startswith("pip could not fetch elpv-dataset 1.0.0.post1")
    assert "network" in message


def test_a_damaged_file_in_the_cache_is_fetched_again(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    package = publish(solar, package_folder, elpv_members())
    cached = tmp_path / "home" / "packages" / package.file
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"half of it")
    solar.make(tmp_path / "files", package)
    assert hashlib.sha256(cached.read_bytes()).hexdigest() == package.sha256


def test_a_fetched_package_is_not_fetched_again(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    package = publish(solar, package_folder, elpv_members())
    solar.make(tmp_path / "a", package)
    (package_folder / package.file).unlink()
    solar.make(tmp_path / "b", package)
    assert file_names(tmp_path / "a") == file_names(tmp_path / "b")


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "images/../../evil.png", "C:\\evil.png"]
)
def test_a_name_that_leaves_the_folder_is_refused(
    solar: ModuleType, package_folder: Path, tmp_path: Path, name: str
) -> None:
    table = f"{name}  0.0   mono\n".encode()
    content = {**elpv_members(), f"{INSIDE}labels.csv": table, f"{INSIDE}{name}": png(1)}
    folder = tmp_path / "deep" / "er" / "files"
    message = error_of(solar, folder, publish(solar, package_folder, content))
    assert "not a photo of this data set" in message
    assert list(tmp_path.rglob("evil*")) == []


def test_members_with_paths_outside_the_folder_are_never_written(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    content = elpv_members(**{"../../../evil.png": png(1), "/evil.png": png(2)})
    solar.make(tmp_path / "deep" / "er" / "files", publish(solar, package_folder, content))
    assert list(tmp_path.rglob("evil*")) == []


def test_a_photo_that_is_not_a_png_is_refused(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    content = elpv_members(**{f"{INSIDE}images/cell0002.png": b"GIF89a, or worse"})
    message = error_of(solar, tmp_path / "files", publish(solar, package_folder, content))
    assert message.startswith("cell0002.png is not a valid PNG")


def test_a_member_that_is_far_too_large_is_refused(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    bomb = bytes(solar.PHOTO_LIMIT + 1)
    content = elpv_members(**{f"{INSIDE}images/cell0002.png": bomb})
    message = error_of(solar, tmp_path / "files", publish(solar, package_folder, content))
    assert "larger than" in message


def test_too_few_photos_give_a_clear_error(
    solar: ModuleType, package_folder: Path, tmp_path: Path
) -> None:
    few = {name: row for name, row in ROWS.items() if name < "cell0004.png" or "001" in name}
    message = error_of(solar, tmp_path / "files", publish(solar, package_folder, elpv_members(few)))
    assert message == "Only 3 different photos are functional; 5 are needed."
