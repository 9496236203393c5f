"""The type in which layers compute."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def computing_in(dtype: str) -> Iterator[None]:
    """Let the layers that are built in the block compute in `dtype`, with weights in float32."""
    before = keras.config.dtype_policy()
    if dtype != "float32":
        keras.config.set_dtype_policy(f"mixed_{dtype}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
