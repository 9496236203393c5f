"""The port `PhotoInspector` on Pillow: every photo is decoded once, several at the same time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kitctl.ports import PhotoFault

# What the shipped job reads, and its own limit.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MAX_PIXELS = 100_000_000


class PillowInspector:
    """Finds photos that no training run can read."""

    def faults(self, root: Path, paths: Sequence[str]) -> Iterator[PhotoFault]:
        with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
            # Of damaged or large photos; both are reported as faults.
            warnings.simplefilter("ignore")
            reasons = pool.map(lambda path: _reason(root / path), paths)
            for path, reason in zip(paths, reasons, strict=True):
                if reason:
                    yield PhotoFault(path, reason)


def _reason(path: Path) -> str:
    """Return why a photo cannot be read, "" where it can."""
    # Loaded here: only `datasets check` looks at photos.
    from PIL import Image, UnidentifiedImageError

    if path.stat().st_size == 0:
        return "has no bytes"
    try:
        with Image.open(path) as photo:
            if photo.format not in FORMATS:
                return f"is {photo.format} under another name, which no training run reads"
            if photo.format == "TIFF" and photo.mode in ("I", "F"):
                return "has values of 32 bits; save it with 8"
            if photo.width * photo.height > MAX_PIXELS:
                return f"has {photo.width} x {photo.height} pixels"
            # A JPEG is decoded at an eighth of its size: whether it is whole shows there too.
            photo.draft("L", (1, 1))
            photo.load()
    except UnidentifiedImageError:
        return "is no picture"
    except Image.DecompressionBombError:
        return "has too many pixels"
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        return f"cannot be decoded: {error}".rstrip(".")
    return ""
