"""How large the stored features of a run will be: computed before the base runs."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from kernel import session
from kernel.data import folders
from kernel.session import RunError
from kernel.settings.settings import Settings

KEPT_BYTES = 20e9  # what Kaggle keeps of a run
_POOLS = ("average", "max")


def row_shape(settings: Settings, base: Any) -> tuple[int, ...]:
    """Return the shape of the base's features of one photo."""
    shape = base.compute_output_shape((None, *settings.input_shape))[1:]
    return tuple(int(size) for size in shape)


def check_all_photos(settings: Settings, base: Any, used: int) -> None:
    """Compute the features' size for all photos of the data, where a rehearsal has `used` of them.

    Raises:
        RunError: They would not fit into what Kaggle keeps; it says how large they are.
    """
    folder = folders.data_folder(settings)
    files = sum(folders.is_photo(path) for path in folders.walk(folder, settings.follow_links))
    if files > used:
        _fitting(settings, base, files * max(1, settings.augment_views), KEPT_BYTES)


def has_room(settings: Settings, base: Any, part: Any, rows: int) -> bool:
    """Return whether the outputs of a part of the base fit beside the base's own features.

    What is free on the disk does not count: a resumed run must decide as the one before.
    """
    shapes = row_shape(settings, base), row_shape(settings, part)
    values = rows * sum(int(np.prod(shape)) for shape in shapes)
    return values * np.dtype(settings.feature_dtype).itemsize <= KEPT_BYTES


def pooled_first(settings: Settings, base: Any, rows: int) -> str:
    """Return the head's pooling if features are to be pooled before they are stored, else "".

    They are where they would not fit otherwise.

    Raises:
        RunError: The features do not fit in any way; it says how large they are.
    """
    return _fitting(settings, base, rows, min(KEPT_BYTES, shutil.disk_usage(Path.cwd()).free))


def _fitting(settings: Settings, base: Any, rows: int, room: float) -> str:
    shape = row_shape(settings, base)
    dtype = np.dtype(settings.feature_dtype)
    size, pooled_size = (rows * int(np.prod(each)) * dtype.itemsize for each in (shape, shape[-1:]))
    if size <= room:
        return ""
    pooling, varied = settings.head_pooling, dict(settings.sweep)
    facts = f"the features of {rows} photos and views would take {size / 1e9:.1f} GB"
    if len(shape) == 3 and pooling in _POOLS and "pooling" not in varied and pooled_size <= room:
        session.say(f"{facts}: they are pooled first ({pooled_size / 1e9:.2f} GB)")
        return pooling
    raise RunError(
        f"{facts}, and there is room for {room / 1e9:.1f} GB. Set pooling = 'average' (they are "
        f"then pooled first), feature_dtype = 'float16', a smaller image_size or fewer "
        f"augment_views."
    )
