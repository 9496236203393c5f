"""The features of a frozen base: its outputs at several sizes, averaged over flips."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import SIDE, Run, base_settings

from kernel.session import RunError

PHOTOS = np.random.RandomState(0).rand(2, SIDE, SIDE, 3).astype("float32")
# The last outputs at 16 x 16, 8 x 8 and 4 x 4 of 128 x 128 pixels.
EFFICIENTNET_LEVELS = ("block4a_expand_activation", "block6a_expand_activation", "top_activation")
FLIPS = {"horizontal": [2], "vertical": [1], "horizontal_and_vertical": [2, 1, (1, 2)]}


def test_levels_are_the_averages_and_maxima_of_the_last_outputs_at_each_size() -> None:
    import keras

    from kernel.model import bases

    base = bases.build(base_settings("vgg16", "random", levels=3))

    names = [f"block{number}_conv3" for number in (3, 4, 5)]
    outputs = keras.Model(
        base.network.input, [base.network.get_layer(name).output for name in names]
    )(PHOTOS)
    pooled = [np.mean(each, axis=(1, 2)) for each in outputs]
    pooled += [np.max(each, axis=(1, 2)) for each in outputs]
    expected = np.concatenate([normalised(each) for each in pooled], axis=1)
    np.testing.assert_allclose(base.layer(PHOTOS), expected, atol=1e-5)


def normalised(values: np.ndarray) -> np.ndarray:
    """Return values [n, channels] with mean 0 and variance 1 in each row, as Keras reckons it."""
    deviation = np.sqrt(values.var(axis=1, keepdims=True) + 1e-6)
    return (values - values.mean(axis=1, keepdims=True)) / deviation


@pytest.mark.parametrize("base", ["convnet", "mobilenetv2", "efficientnetv2b0", "inceptionv1"])
def test_every_base_has_three_levels_and_a_replica_that_computes_the_same(base: str) -> None:
    from kernel.model import bases

    settings = base_settings(base, "random", base_trainable=False, levels=3)
    built = bases.build(settings)
    features = built.layer(PHOTOS, training=False)
    replica = built.replica()(PHOTOS, training=False)

    assert len(features.shape) == 2
    assert not built.layer.trainable_weights
    np.testing.assert_allclose(features, replica, atol=1e-6)


@pytest.mark.parametrize("flips", FLIPS)
def test_flips_are_averaged(flips: str) -> None:
    from kernel.model import bases

    base = bases.build(base_settings("vgg16", "random", average_flips=flips))

    views = [PHOTOS, *(np.flip(PHOTOS, axis) for axis in FLIPS[flips])]
    expected = np.mean([base.network(view) for view in views], axis=0)
    np.testing.assert_allclose(base.layer(PHOTOS), expected, atol=1e-6)
    np.testing.assert_allclose(base.layer(views[-1]), expected, atol=1e-6)


def test_levels_and_flips_are_loaded_by_keras_alone(tmp_path: Path) -> None:
    from kernel.model import bases

    settings = base_settings(
        "vgg16", "random", levels=2, average_flips="horizontal", preprocessing="base"
    )
    layer = bases.build(settings).layer
    layer.save(tmp_path / "model.keras")
    np.save(tmp_path / "photos.npy", PHOTOS)

    elsewhere = (
        "import keras, numpy as np; model = keras.saving.load_model('model.keras'); "
        "np.save('features.npy', model(np.load('photos.npy')))"
    )
    subprocess.run([sys.executable, "-c", elsewhere], cwd=tmp_path, check=True)
    np.testing.assert_allclose(np.load(tmp_path / "features.npy"), layer(PHOTOS), atol=1e-5)


@pytest.mark.parametrize("augmented", [{}, {"augment_flip": "horizontal"}], ids=["stored", "live"])
def test_a_run_predicts_what_its_model_predicts(
    run_job: Callable[..., Run], augmented: dict[str, Any]
) -> None:
    from support.exported_forms import largest_differences

    run = run_job(
        base="convnet",
        base_trainable=False,
        levels=2,
        average_flips="horizontal",
        exports=["keras", "weights", "saved_model"],
        **augmented,
    )

    photos = Path(run.record["settings"]["data"]) / "valid"
    differences, tolerance = largest_differences(run.working, photos)
    assert differences and max(differences.values()) <= tolerance


def test_more_levels_than_a_base_has_are_refused() -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match="vgg16 computes at 5 sizes: set levels = 5 or less"):
        bases.build(base_settings("vgg16", "random", levels=6))


def test_a_gate_beside_the_way_is_no_level() -> None:
    from kernel.model import bases

    settings = base_settings(
        "efficientnetv2b0", "random", image_size=128, base_trainable=False, levels=3
    )
    built = bases.build(settings)

    core = bases.core(built.network)
    channels = [core.get_layer(name).output.shape[-1] for name in EFFICIENTNET_LEVELS]
    assert built.layer.output_shape[-1] == 2 * sum(channels)
