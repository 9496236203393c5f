"""Features are stored, and reused instead of running the base again when they match."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.kernel_runs import Run, base_settings

from kernel.features import store_size
from kernel.model import bases
from kernel.session import RunError

FROZEN = {"base": "convnet", "base_trainable": False, "filters": [8, 8], "epochs": 2}


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


def test_the_head_is_the_same_with_reused_and_with_streamed_features(
    run_job: Callable[..., Run],
) -> None:
    first = run_job("first", **FROZEN)
    reused = run_job("reused", **FROZEN, reuse_features=str(first.working))
    # Two batches of these features exceed the budget of 1 MB, so that none stay in memory.
    streamed = run_job("streamed", **{**FROZEN, "filters": [8, 4096]}, features_in_memory_mb=1)
    whole = run_job("whole", **{**FROZEN, "filters": [8, 4096]})

    for ours, theirs in ((reused, first), (streamed, whole)):
        for a, b in zip(ours.weights, theirs.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_features_are_stored_in_half_precision_and_for_each_view(
    run_job: Callable[..., Run],
) -> None:
    run = run_job(**FROZEN, feature_dtype="float16", augment_flip="horizontal", augment_views=2)

    store = run.record["feature_store"]
    assert store["dtype"] == "float16"
    assert store["rows"] == 2 * 44 + 18
    assert np.load(run.working / "features" / "rows.npy").dtype == np.float16


def test_features_that_do_not_fit_are_refused_or_pooled_first(
    run_job: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frozen = {"base": "convnet", "base_trainable": False, "epochs": 2, "pooling": "average"}
    whole = run_job("whole", **frozen)
    rows, shape = 62, (2, 2, 96)
    monkeypatch.setattr(store_size, "KEPT_BYTES", 4 * rows * np.prod(shape) - 1)

    pooled = run_job("pooled", **frozen)

    assert "they are pooled first" in capsys.readouterr().out
    assert pooled.record["feature_store"]["row_shape"] == [96]
    for ours, theirs in zip(pooled.weights, whole.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    with pytest.raises(RunError, match="features of 62 photos and views would take"):
        run_job("flat", **frozen | {"pooling": "flatten"})


def test_a_rehearsal_on_a_few_photos_computes_the_size_for_all_of_them(
    two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = base_settings("convnet", "auto", data=str(two_classes), base_trainable=False)
    base = bases.build(settings).layer
    store_size.check_all_photos(settings, base, used=8)
    monkeypatch.setattr(store_size, "KEPT_BYTES", 4 * 62 * 2 * 2 * 96 - 1)
    store_size.check_all_photos(settings, base, used=62)

    with pytest.raises(RunError, match="features of 62 photos and views would take"):
        store_size.check_all_photos(settings, base, used=8)
