"""Kept features as the first dense layer of a head sees them."""

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
    """Pooled features without the dead ones: those that are zero for every photo.

    A weight on a dead feature has no gradient and no effect, so leaving it out changes nothing;
    behind a ReLU, half of the features can be dead. `live` holds the places of the others.
    """

    pooling: str
    live: np.ndarray[Any, Any]

    def rows(self, rows: Rows) -> Rows:
        """The same rows, pooled and without dead features."""
        pooled, live, read = _POOLINGS[self.pooling], self.live, rows.read
        return replace(
            rows, read=lambda wanted: pooled(read(wanted))[:, live], row_bytes=4 * len(live)
        )

    def narrowed(self, kernel: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The part of a first layer's kernel [features, units] that can learn."""
        return kernel[self.live]

    def widened(
        self, learnt: np.ndarray[Any, Any], first: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """The whole kernel [features, units]: `first` with what its live part has learnt."""
        whole = first.copy()
        whole[self.live] = learnt
        return whole


def flatten(store: FeatureStore, pooling: str) -> FlatFeatures:
    """How the rows of a store are flattened; reads each of them once."""
    pooling = pooling if len(store.row_shape) == 3 else "flatten"
    live: Any = False
    for start in range(0, len(store.places), _ROWS_AT_ONCE):
        wanted = np.arange(start, min(start + _ROWS_AT_ONCE, len(store.places)))
        live |= (_POOLINGS[pooling](store.read(wanted)) != 0).any(axis=0)
    return FlatFeatures(pooling, np.flatnonzero(live))
