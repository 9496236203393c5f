"""Data out of packages: only the very file that was checked, and nothing outside the folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
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
    """The solar cells' recipe, for 3 + 2 photos of each class."""
    module = recipe("solar-cells")
    monkeypatch.setattr(module, "SPLITS", {"train": 3, "valid": 2})
    return module


def members(rows: Mapping[str, tuple[str, int]] = ROWS, **changed: bytes) -> dict[str, bytes]:
    """A small ELPV: its table and its photos."""
    table = "".join(f"images/{name}  {chance}   mono\n" for name, (chance, _) in rows.items())
    photos = {f"{INSIDE}images/{name}": png(shade) for name, (_, shade) in rows.items()}
    return {f"{INSIDE}labels.csv": table.encode(), **photos, **changed}


def shelved(solar: ModuleType, shelf: Path, content: Mapping[str, bytes]) -> Any:
    """Put the package on pip's shelf and return it as the recipe would name it."""
    wheel = write_wheel(shelf, solar.ELPV.name, solar.ELPV.version, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return type(solar.ELPV)(solar.ELPV.name, solar.ELPV.version, wheel.name, digest, 1)


def refusal(solar: ModuleType, folder: Path, package: Any) -> str:
    """The sentence with which the recipe refuses."""
    with pytest.raises(solar.RecipeError) as caught:
        solar.make(folder, package)
    return str(caught.value)


def laid_out(folder: Path) -> dict[str, set[str]]:
    return {
        place.relative_to(folder).as_posix(): {p.name for p in place.iterdir()}
        for place in folder.glob("*/*")
    }


def test_photos_are_laid_out_in_two_splits_each_picture_once(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    solar.make(folder, shelved(solar, shelf, members()))
    found = laid_out(folder)
    assert {place: len(names) for place, names in found.items()} == {
        "train/functional": 3,
        "valid/functional": 2,
        "train/defective": 3,
        "valid/defective": 2,
    }
    shades = [path.read_bytes() for path in folder.rglob("*.png")]
    assert len(set(shades)) == len(shades)
    assert png(230) not in shades
    assert png(250) not in shades


def test_the_split_is_always_the_same(solar: ModuleType, shelf: Path, tmp_path: Path) -> None:
    upside_down = dict(reversed(ROWS.items()))
    solar.make(tmp_path / "a", shelved(solar, shelf, members()))
    (tmp_path / "home" / "packages" / solar.ELPV.file).unlink()
    solar.make(tmp_path / "b", shelved(solar, shelf, members(upside_down)))
    assert laid_out(tmp_path / "a") == laid_out(tmp_path / "b")


def test_a_package_with_another_hash_is_refused_unopened(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    package = shelved(solar, shelf, members())
    write_wheel(shelf, package.name, package.version, {"other.txt": b"something else"})
    words = refusal(solar, tmp_path / "files", package)
    assert "sha256" in words
    assert package.sha256 in words
    assert not (tmp_path / "files").exists()
    assert list((tmp_path / "home" / "packages").iterdir()) == []


def test_a_package_that_cannot_be_fetched_is_said_in_a_sentence(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    words = refusal(solar, tmp_path / "files", solar.ELPV)
    assert words.startswith("pip could not fetch elpv-dataset 1.0.0.post1")
    assert "network" in words


def test_a_damaged_file_in_the_cache_is_fetched_again(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    package = shelved(solar, shelf, members())
    kept = tmp_path / "home" / "packages" / package.file
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half of it")
    solar.make(tmp_path / "files", package)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == package.sha256


def test_a_fetched_package_is_not_fetched_again(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    package = shelved(solar, shelf, members())
    solar.make(tmp_path / "a", package)
    (shelf / package.file).unlink()
    solar.make(tmp_path / "b", package)
    assert laid_out(tmp_path / "a") == laid_out(tmp_path / "b")


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "images/../../evil.png", "C:\\evil.png"]
)
def test_a_name_that_leaves_the_folder_is_refused(
    solar: ModuleType, shelf: Path, tmp_path: Path, name: str
) -> None:
    table = f"{name}  0.0   mono\n".encode()
    content = {**members(), f"{INSIDE}labels.csv": table, f"{INSIDE}{name}": png(1)}
    folder = tmp_path / "deep" / "er" / "files"
    words = refusal(solar, folder, shelved(solar, shelf, content))
    assert "no photo of this data set" in words
    assert list(tmp_path.rglob("evil*")) == []


def test_members_outside_the_folder_are_left_where_they_are(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    content = members(**{"../../../evil.png": png(1), "/evil.png": png(2)})
    solar.make(tmp_path / "deep" / "er" / "files", shelved(solar, shelf, content))
    assert list(tmp_path.rglob("evil*")) == []


def test_a_photo_that_is_no_png_is_refused(solar: ModuleType, shelf: Path, tmp_path: Path) -> None:
    content = members(**{f"{INSIDE}images/cell0002.png": b"GIF89a, or worse"})
    words = refusal(solar, tmp_path / "files", shelved(solar, shelf, content))
    assert words.startswith("cell0002.png is not a sound PNG")


def test_a_member_that_is_far_too_large_is_refused(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    bomb = bytes(solar.PHOTO_LIMIT + 1)
    content = members(**{f"{INSIDE}images/cell0002.png": bomb})
    words = refusal(solar, tmp_path / "files", shelved(solar, shelf, content))
    assert "larger than" in words


def test_too_few_photos_are_said_in_a_sentence(
    solar: ModuleType, shelf: Path, tmp_path: Path
) -> None:
    few = {name: row for name, row in ROWS.items() if name < "cell0004.png" or "001" in name}
    words = refusal(solar, tmp_path / "files", shelved(solar, shelf, members(few)))
    assert words == "Only 3 different photos are functional; 5 are needed."


def onnx_model(vgg: ModuleType, *, without: str = "") -> bytes:
    """The recipe's tensors, each tiny, with its own number in it."""
    tensors = []
    for number, layer in enumerate(vgg.layer_names()):
        kernel = np.arange(2 * 3 * 5 * 4, dtype=np.float32).reshape(2, 3, 5, 4) + number
        bias = np.full(2, number, np.float32)
        for name, value in ((vgg.KERNEL.format(layer), kernel), (vgg.BIAS.format(layer), bias)):
            if name != without:
                tensors.append(onnx.numpy_helper.from_array(value, name))
    graph = onnx.helper.make_graph([], "graph", [], [], initializer=tensors)
    return onnx.helper.make_model(graph).SerializeToString()


@pytest.fixture
def vgg(recipe: Callable[[str], ModuleType]) -> ModuleType:
    return recipe("vgg16-imagenet")


def test_kernels_come_out_of_onnx_in_kerass_order_and_layout(vgg: ModuleType) -> None:
    weights = vgg.weights_from_onnx(onnx_model(vgg))
    assert len(weights) == 26
    assert weights[0].shape == (5, 4, 3, 2)
    assert weights[0][4, 3, 2, 1] == 119
    assert weights[25].tolist() == [12, 12]


def test_an_onnx_file_that_lacks_a_tensor_is_refused(vgg: ModuleType) -> None:
    missing = vgg.BIAS.format("block4_conv2")
    with pytest.raises(vgg.RecipeError, match="block4_conv2"):
        vgg.weights_from_onnx(onnx_model(vgg, without=missing))


def test_a_file_that_is_no_onnx_is_refused(vgg: ModuleType) -> None:
    with pytest.raises(vgg.RecipeError, match="no ONNX model"):
        vgg.weights_from_onnx(b"\xff\xff not a model")
