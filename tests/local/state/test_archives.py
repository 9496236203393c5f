"""Uploaded archives unpacked into a data set, and a data set packed for a download."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from kitctl.local.state import archives
from kitctl.local.state.errors import ApiError


def zipped(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    return packed.getvalue()


def tarred(member: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(member)
    return packed.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def unpacked(folder: Path, name: str, content: bytes) -> list[str]:
    """Unpack an upload; return the files in the data set's folder."""
    upload = folder / "upload"
    upload.write_bytes(content)
    archives.unpack(upload, name, folder / "dataset")
    files = (folder / "dataset").rglob("*")
    return sorted(path.relative_to(folder / "dataset").as_posix() for path in files)


def test_an_archive_becomes_a_folder_of_its_name(tmp_path: Path) -> None:
    assert unpacked(tmp_path, "photos.zip", zipped("train/1.jpg")) == [
        "photos",
        "photos/train",
        "photos/train/1.jpg",
    ]
    assert "more/2.jpg" in unpacked(tmp_path, "more.tar", tarred(tarfile.TarInfo("2.jpg")))


def test_a_model_file_that_is_a_zip_inside_stays_one_file(tmp_path: Path) -> None:
    assert unpacked(tmp_path, "model.keras", zipped("config.json")) == ["model.keras"]


def test_a_file_keeps_the_folders_in_its_name(tmp_path: Path) -> None:
    assert unpacked(tmp_path, "train\\car/1.jpg", b"x")[-1] == "train/car/1.jpg"


def test_links_in_an_archive_are_left_out(tmp_path: Path) -> None:
    assert unpacked(tmp_path, "a.tar", tarred(link("passwd", "/etc/passwd"))) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.zip", zipped("../../evil.txt")),
        ("bad.zip", zipped("a.txt")[:-8]),
        ("bad.tar", tarred(tarfile.TarInfo("../../evil.txt"))),
        ("bad.tar", tarred(tarfile.TarInfo("/evil.txt"))),
        ("bad.tar", b"no archive at all"),
        ("../evil.txt", b"x"),
        ("C:\\evil.txt", b"x"),
        ("", b"x"),
    ],
)
def test_a_file_outside_the_folder_and_a_broken_archive_are_bad_requests(
    tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(ApiError) as raised:
        unpacked(tmp_path, name, content)
    assert raised.value.status == 400
    assert not list(tmp_path.rglob("evil.txt"))


def test_packed_files_have_the_names_that_were_given(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("a car", encoding="utf-8")
    archives.pack({"train/1.txt": tmp_path / "1.txt"}, tmp_path / "out/photos.zip")
    with zipfile.ZipFile(tmp_path / "out/photos.zip") as archive:
        assert archive.namelist() == ["train/1.txt"]
        assert archive.read("train/1.txt") == b"a car"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["photos.zip"]
