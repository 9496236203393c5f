"""Checks of pictures that were drawn."""

from pathlib import Path

from matplotlib.image import imread


def is_drawn(path: Path) -> bool:
    """Return whether the file is a complete PNG with more than blank paper."""
    return bool(imread(path)[..., :3].std() > 0)
