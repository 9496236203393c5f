"""A small part of a data folder."""

from __future__ import annotations

from pathlib import Path

from support.projects import write_files

from kitctl.operations.local_runs.subset import link_subset


def test_each_folder_keeps_its_first_photos_and_all_other_files(tmp_path: Path) -> None:
    photos = {f"train/{name}/{n}.JPG": "" for name in ("car", "truck") for n in range(5)}
    data = write_files(tmp_path / "data", {**photos, "labels.csv": "a,b", "train/notes.txt": "n"})
    target = link_subset(data, 2, tmp_path / "small" / "photos")
    files = {p.relative_to(target).as_posix(): p for p in target.rglob("*") if p.is_file()}
    assert sorted(files) == [
        "labels.csv",
        "train/car/0.JPG",
        "train/car/1.JPG",
        "train/notes.txt",
        "train/truck/0.JPG",
        "train/truck/1.JPG",
    ]
    assert all(path.samefile(data / name) for name, path in files.items())
    assert files["labels.csv"].read_text("utf-8") == "a,b"
