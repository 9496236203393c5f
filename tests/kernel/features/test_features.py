"""Features are kept on disk under a key, and the base is not run again when the key fits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.kernel_runs import Run

from kernel.features import feature_store

FROZEN = {"base": "convnet", "base_trainable": False, "filters": [8, 8], "epochs": 2}
KEY = {"feature_dtype": "float32", "weights": "a"}


def write(folder: Path, rows: np.ndarray, ids: list[str], key: dict[str, str] = KEY) -> None:
    with feature_store.new_store(folder, key, ids, rows.shape[1:]) as writer:
        for start in range(0, len(rows), 3):
            writer.append(rows[start : start + 3])


def test_rows_read_back_in_any_order(tmp_path: Path) -> None:
    rows = np.random.rand(10, 4, 2).astype("float32")
    write(tmp_path, rows, [f"p{i}" for i in range(10)])

    store, _ = feature_store.open_store(tmp_path, KEY, ["p7", "p2", "p3", "p7"])

    assert store is not None
    np.testing.assert_array_equal(store.read([0, 1, 2, 3]), rows[[7, 2, 3, 7]])
    np.testing.assert_array_equal(store.read([2, 0]), rows[[3, 7]])


@pytest.mark.parametrize(
    ("key", "ids", "says"),
    [
        ({**KEY, "weights": "b"}, ["p0"], "weights was 'a' and is now 'b'"),
        (KEY, ["p0", "other"], "1 of 2 photos are not in it"),
    ],
)
def test_a_store_that_does_not_fit_says_why(
    tmp_path: Path, key: dict[str, str], ids: list[str], says: str
) -> None:
    write(tmp_path, np.zeros((2, 3), "float32"), ["p0", "p1"])

    store, why = feature_store.open_store(tmp_path, key, ids)

    assert store is None
    assert says in why


def test_a_pass_that_breaks_off_leaves_no_store(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="1 rows of features came for 2 photos"):
        write(tmp_path, np.zeros((1, 3), "float32"), ["p0", "p1"])

    assert feature_store.open_store(tmp_path, KEY, ["p0"])[0] is None


def test_a_second_run_with_another_head_reuses_the_features(
    run_job: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_job("first", **FROZEN)
    second = run_job("second", **FROZEN, units=[3], reuse_features=str(first.working))
    other = run_job(
        "other", **{**FROZEN, "image_size": [40, 40]}, reuse_features=str(first.working)
    )

    assert not first.record["feature_store"]["reused"]
    assert second.record["feature_store"]["reused"]
    assert not other.record["feature_store"]["reused"]
    assert "image_size was [32, 32] and is now [40, 40]" in capsys.readouterr().out


def test_the_head_learns_the_same_from_reused_and_from_streamed_features(
    run_job: Callable[..., Run],
) -> None:
    first = run_job("first", **FROZEN)
    reused = run_job("reused", **FROZEN, reuse_features=str(first.working))
    # Two batches of these features are more than the budget of one row: nothing stays in memory.
    streamed = run_job("streamed", **{**FROZEN, "filters": [8, 4096]}, features_in_memory_mb=1)
    whole = run_job("whole", **{**FROZEN, "filters": [8, 4096]})

    for ours, theirs in ((reused, first), (streamed, whole)):
        for a, b in zip(ours.weights, theirs.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_half_precision_and_views_are_kept_as_asked(run_job: Callable[..., Run]) -> None:
    run = run_job(**FROZEN, feature_dtype="float16", augment_flip="horizontal", augment_views=2)

    kept = run.record["feature_store"]
    assert kept["dtype"] == "float16"
    assert kept["rows"] == 2 * 44 + 18
    assert np.load(run.working / "features" / "rows.npy").dtype == np.float16
