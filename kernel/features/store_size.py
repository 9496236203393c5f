"""How large the stored features of a run will be: computed before the base runs."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from kernel import session
from kernel.session import RunError
from kernel.settings.settings import Settings

KEPT_BYTES = 20e9  # what Kaggle keeps of a run
_POOLS = ("average", "max")


def row_shape(settings: Settings, base: Any) -> tuple[int, ...]:
    """Return the shape of the base's features of one photo."""
    shape = base.compute_output_shape((None, *settings.input_shape))[1:]
    return tuple(int(size) for size in shape)


def pooled_first(settings: Settings, base: Any, rows: int) -> str:
    """Return the head's pooling if features are to be pooled before they are stored, else "".

    They are where they would not fit otherwise.

    Raises:
        RunError: The features do not fit in any way; it says how large they are.
    """
    shape = row_shape(settings, base)
    dtype = np.dtype(settings.feature_dtype)
    size, pooled_size = (rows * int(np.prod(each)) * dtype.itemsize for each in (shape, shape[-1:]))
    room = min(KEPT_BYTES, shutil.disk_usage(Path.cwd()).free)
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
