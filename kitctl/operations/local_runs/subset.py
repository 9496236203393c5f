"""A small part of a data folder: the same tree with few photos in each folder."""

from __future__ import annotations

from pathlib import Path

from kitctl.domain.data.photo_folder import PHOTO_ENDINGS

# Also what only other people's jobs read.
ENDINGS = frozenset({*PHOTO_ENDINGS, ".jfif", ".avif"})


def link_subset(folder: Path, photos: int, target: Path) -> Path:
    """Create `target` as a copy of the folder with at most so many photos in each folder.

    Files are links to the originals, hard ones where they lie on the same disk; those that are no
    photos are all linked. Returns `target`.
    """
    target.mkdir(parents=True)
    all_photos = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in ENDINGS]
    omitted = set(all_photos[photos:])
    for path in folder.iterdir():
        if path in omitted:
            continue
        if path.is_dir():
            link_subset(path, photos, target / path.name)
        else:
            _link(path.resolve(), target / path.name)
    return target


def _link(original: Path, link: Path) -> None:
    try:
        link.hardlink_to(original)
    except OSError:
        link.symlink_to(original)
