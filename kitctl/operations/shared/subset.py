"""A small share of a data folder: the same tree with few photos in each folder."""

from __future__ import annotations

from pathlib import Path

PHOTOS = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".jfif", ".avif"}
)


def link_subset(folder: Path, photos: int, into: Path) -> Path:
    """Lays out `into` as the folder with at most so many photos in each; other files all stay.

    Files are links to the originals. For scripts that have no setting of their own for it.
    """
    into.mkdir(parents=True)
    pictures = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in PHOTOS]
    left_out = set(pictures[photos:])
    for path in folder.iterdir():
        if path in left_out:
            continue
        if path.is_dir():
            link_subset(path, photos, into / path.name)
        else:
            (into / path.name).symlink_to(path.resolve())
    return into
