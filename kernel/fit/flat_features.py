"""Stored features as the first dense layer of a head gets them: pooled and flat."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kernel.features.feature_store import FeatureStore
from kernel.fit.head_loop import Rows

_ROWS_AT_ONCE = 256
_POOLINGS: dict[str, Callable[[Any], Any]] = {
    "flatten": lambda rows: rows.reshape(len(rows), -1),
    "average": lambda rows: rows.mean(axis=(1, 2)),
    "max": lambda rows: rows.max(axis=(1, 2)),
}


@dataclass(frozen=True)
class FlatFeatures:
    """Pooled features without the dead ones, which are zero for every photo.

    A weight on a dead feature has no gradient and no effect, so leaving it out changes nothing;
    after a ReLU, half of the features can be dead. `live` holds the indices of the others.
    """

    pooling: str
    live: np.ndarray[Any, Any]

    def rows(self, rows: Rows) -> Rows:
        """Return the same rows, pooled and without dead features."""
        pool, live, read = _POOLINGS[self.pooling], self.live, rows.read
        return replace(
            rows, read=lambda indices: pool(read(indices))[:, live], row_bytes=4 * len(live)
        )

    def without_dead_weights(self, kernel: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the weights of the live features of a first layer's kernel [features, units]."""
        return kernel[self.live]

    def with_dead_weights(
        self, trained: np.ndarray[Any, Any], initial: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Return the kernel [features, units]: `trained` for live features, else `initial`."""
        kernel = initial.copy()
        kernel[self.live] = trained
        return kernel


def flatten(store: FeatureStore, pooling: str) -> FlatFeatures:
    """Find the live features of a store, reading each of its rows once.

    `pooling` is "flatten", "average" or "max"; features without height and width stay as they are.
    """
    pooling = pooling if len(store.row_shape) == 3 else "flatten"
    live: Any = False
    count = len(store.file_rows)
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = store.read(np.arange(start, min(start + _ROWS_AT_ONCE, count)))
        live |= (_POOLINGS[pooling](rows) != 0).any(axis=0)
    return FlatFeatures(pooling, np.flatnonzero(live))
