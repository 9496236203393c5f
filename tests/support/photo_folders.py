"""Folders of small photos, drawn in a moment."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image


def photo(shade: int, form: str = "JPEG") -> bytes:
    """Return a small photo of one colour."""
    content = io.BytesIO()
    Image.new("RGB", (16, 16), (shade % 256, shade // 256, 9)).save(content, form)
    return content.getvalue()


def photo_folder(folder: Path, *, train: int = 12, valid: int = 2) -> Path:
    """Write so many photos of cars and of trucks, each of its own colour; return the folder."""
    shade = 0
    for split, count in (("train", train), ("valid", valid)):
        for name in ("car", "truck"):
            inside = folder / split / name
            inside.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                (inside / f"{number}.jpg").write_bytes(photo(shade * 5))
                shade += 1
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
