"""Files are inspected by their structure, and decoded where that leaves a doubt."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.kernel_runs import write_photo

from kernel.data.inspection import inspect_file, inspect_files

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def picture() -> Image.Image:
    """40 x 30 pixels of noise."""
    noise = np.random.RandomState(0).randint(0, 255, (30, 40, 3)).astype("uint8")
    return Image.fromarray(noise)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def write_png_with_empty_pixels(path: Path) -> None:
    """Write a PNG whose structure is complete and whose pixels cannot be decoded."""
    write_photo(path, label=0, seed=0)
    data = path.read_bytes()
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    path.write_bytes(data[:start] + png_chunk(b"IDAT", bytes(length)) + data[start + length + 12 :])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("baseline.jpg", {}),
        ("progressive.jpg", {"progressive": True}),
        ("photo.png", {}),
        ("UPPER CASE.JPG", {}),
        ("Größe-卡车.png", {}),
    ],
)
def test_a_complete_photo_of_the_usual_kinds_needs_no_decoding(
    tmp_path: Path, picture: Image.Image, name: str, options: dict[str, bool]
) -> None:
    picture.save(tmp_path / name, **options)

    inspection = inspect_file(str(tmp_path / name), channels=3, max_megapixels=1)

    assert inspection.sure
    assert inspection.size == (30, 40)
    assert inspection.reason == ""
    assert inspection.digest


@pytest.mark.parametrize("name", ["cmyk.jpg", "sixteen-bit.png", "photo.gif", "photo.bmp"])
def test_an_unusual_photo_is_not_refused_but_must_be_decoded(
    tmp_path: Path, picture: Image.Image, name: str
) -> None:
    if name.startswith("sixteen"):
        picture = Image.fromarray(np.full((30, 40), 40000, "uint16"))
    (picture.convert("CMYK") if name.startswith("cmyk") else picture).save(tmp_path / name)

    inspection = inspect_file(str(tmp_path / name), channels=3, max_megapixels=1)

    assert not inspection.sure
    assert inspection.reason == ""
    assert inspection.size == ()


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_photo_that_is_cut_off_must_be_decoded(
    tmp_path: Path, picture: Image.Image, ending: str
) -> None:
    path = tmp_path / f"photo.{ending}"
    picture.save(path)
    path.write_bytes(path.read_bytes()[:-20])

    assert not inspect_file(str(path), channels=3, max_megapixels=1).sure


@pytest.mark.parametrize(
    ("name", "contents", "reason"),
    [
        ("empty.jpg", b"", "zero bytes"),
        ("text.jpg", b"not a picture at all", "not a picture, or cut off in its header"),
        ("header.png", PNG_SIGNATURE + b"\0\0", "not a picture, or cut off in its header"),
        ("notes.txt", b"notes", "not one of .bmp, .gif, .jpeg, .jpg, .png, .webp, .tif, .tiff"),
    ],
)
def test_a_file_that_cannot_be_a_photo_has_a_reason(
    tmp_path: Path, name: str, contents: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(contents)

    assert inspect_file(str(tmp_path / name), channels=3, max_megapixels=1).reason == reason


def test_a_missing_file_has_a_reason_and_no_digest(tmp_path: Path) -> None:
    inspection = inspect_file(str(tmp_path / "missing.jpg"), channels=3, max_megapixels=1)

    assert inspection.reason.startswith("cannot be read: ")
    assert inspection.digest == ""


def test_a_photo_with_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    (tmp_path / "bomb.png").write_bytes(PNG_SIGNATURE + png_chunk(b"IHDR", header))

    inspection = inspect_file(str(tmp_path / "bomb.png"), channels=3, max_megapixels=100)

    assert inspection.reason == "60000 x 60000 is more than max_megapixels = 100"


def test_the_digest_depends_on_the_contents_alone(tmp_path: Path) -> None:
    write_photo(tmp_path / "one.png", label=0, seed=0)
    write_photo(tmp_path / "copy.png", label=0, seed=0)
    write_photo(tmp_path / "other.png", label=0, seed=1)

    one, copy, other = (
        inspect_file(str(tmp_path / name), channels=3, max_megapixels=1).digest
        for name in ("one.png", "copy.png", "other.png")
    )

    assert one == copy != other


def test_the_readable_files_and_the_skipped_ones_are_separated(
    tmp_path: Path, picture: Image.Image
) -> None:
    for name in ("a.jpg", "b.gif", "d.png"):
        picture.save(tmp_path / name)
    for name in ("c.png", "e.jpg"):
        (tmp_path / name).write_bytes(b"")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "f.jpg").write_bytes(data[: len(data) // 2])
    paths = [str(path) for path in sorted(tmp_path.iterdir())]

    readable, skipped = inspect_files(paths, channels=3, max_megapixels=1)

    assert [Path(path).name for path in readable] == ["a.jpg", "b.gif", "d.png"]
    assert [Path(each.path).name for each in skipped] == ["c.png", "e.jpg", "f.jpg"]
    assert skipped[-1].reason.startswith("cannot be decoded: ")


def test_a_photo_with_a_complete_structure_and_bad_pixels_is_found_by_decoding_all(
    tmp_path: Path,
) -> None:
    path = tmp_path / "photo.png"
    write_png_with_empty_pixels(path)

    trusted, _ = inspect_files([str(path)], channels=3, max_megapixels=1)
    decoded, skipped = inspect_files([str(path)], channels=3, max_megapixels=1, decode_all=True)

    assert list(trusted) == [str(path)]
    assert decoded == {}
    assert [each.path for each in skipped] == [str(path)]
