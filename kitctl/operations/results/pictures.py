"""Pictures of a run, made small enough for a page that holds them itself."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LARGEST_SOURCE_BYTES = 30_000_000
LARGEST_PIXELS = 40_000_000
WIDEST = 1100


@dataclass(frozen=True)
class Picture:
    """A picture as JPEG, and its size in pixels."""

    name: str
    jpeg: bytes
    width: int
    height: int


def shrink(paths: Sequence[Path], root: Path, budget: int) -> tuple[list[Picture], list[str]]:
    """Return the pictures that fit into `budget` bytes together, and the names of the others.

    Links that lead elsewhere, broken files and bombs are among the others.
    """
    pictures: list[Picture] = []
    left_out = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        picture = _shrunk(path, name)
        if picture is None or len(picture.jpeg) > budget:
            left_out.append(name)
            continue
        budget -= len(picture.jpeg)
        pictures.append(picture)
    return pictures, left_out


def _shrunk(path: Path, name: str) -> Picture | None:
    from PIL import Image

    if path.is_symlink() or path.stat().st_size > LARGEST_SOURCE_BYTES:
        return None
    try:
        with warnings.catch_warnings(), Image.open(path, formats=("PNG", "JPEG")) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > LARGEST_PIXELS:
                return None
            flat = Image.new("RGB", image.size, "white")
            rgba = image.convert("RGBA")
            flat.paste(rgba, mask=rgba.getchannel("A"))
            flat.thumbnail((WIDEST, 3 * WIDEST))
    # Whatever a damaged file makes Pillow raise, the page goes without it.
    except Exception:
        return None
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=72, optimize=True)
    return Picture(name, out.getvalue(), flat.width, flat.height)
