"""Stored features are pooled, and those that are zero for every photo are left out."""

from pathlib import Path

import numpy as np
import pytest

from kernel.features import feature_store
from kernel.features.feature_store import FeatureStore
from kernel.fit import flat_features
from kernel.fit.head_loop import Rows

FEATURES = np.arange(1, 25, dtype="float32").reshape(2, 2, 2, 3)
FEATURES[..., 1] = 0  # a channel that is dead for both photos


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    key = {"feature_dtype": "float32"}
    with feature_store.new_store(tmp_path, key, ["a", "b"], (2, 2, 3)) as writer:
        writer.append(FEATURES)
    opened, _ = feature_store.open_store(tmp_path, key, ["a", "b"])
    assert opened is not None
    return opened


@pytest.mark.parametrize(
    ("pooling", "pooled"),
    [
        ("flatten", FEATURES.reshape(2, 12)),
        ("average", FEATURES.mean(axis=(1, 2))),
        ("max", FEATURES.max(axis=(1, 2))),
    ],
)
def test_rows_are_pooled_without_dead_features(
    store: FeatureStore, pooling: str, pooled: np.ndarray
) -> None:
    rows = Rows(store.read, np.arange(2), np.zeros(2), store.row_bytes)

    flat = flat_features.flatten(store, pooling).rows(rows)

    live = pooled[:, (pooled != 0).any(axis=0)]
    np.testing.assert_array_equal(flat.read(np.array([1, 0])), live[[1, 0]])
    assert flat.row_bytes == live[0].nbytes


def test_weights_of_dead_features_keep_their_initial_value(store: FeatureStore) -> None:
    flat = flat_features.flatten(store, "average")
    initial = np.array([[1.0], [2.0], [3.0]])

    narrow = flat.without_dead_weights(initial)

    assert narrow.tolist() == [[1.0], [3.0]]
    assert flat.with_dead_weights(narrow + 10, initial).tolist() == [[11.0], [2.0], [13.0]]
    assert initial.tolist() == [[1.0], [2.0], [3.0]]
