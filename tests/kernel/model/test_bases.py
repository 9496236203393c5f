"""Every base is a frozen or trainable layer, with the preprocessing of its weights in front."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import SIDE, base_settings

from kernel.settings.knobs import KNOBS
from kernel.settings.settings import Settings
from kernel.settings.validators import one_of


def test_the_source_of_the_weights_does_not_change_the_head(
    vgg16_weights: Path, tmp_path: Path
) -> None:
    from kernel import session
    from kernel.fit import classifier
    from kernel.model import bases

    heads = []
    for weights in ("random", str(vgg16_weights)):
        session.seed_all(1)
        settings = base_settings("vgg16", weights, label_mode="binary")
        built = classifier.assemble(settings, bases.build(settings), 2)
        heads.append(built.head.get_weights())

    for one, other in zip(*heads, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_base_of_the_settings_has_an_architecture() -> None:
    from kernel.model import bases

    assert one_of(*bases.ARCHITECTURES).allowed == KNOBS["base"].validator.allowed


@pytest.mark.parametrize(
    ("base", "preprocessing", "low", "high"),
    [
        ("vgg16", "auto", 0, 1),
        ("inceptionv1", "auto", 0, 1),
        ("inceptionv1", "base", -1, 1),
        ("mobilenetv2", "auto", -1, 1),
        ("mobilenetv2", "unit", 0, 1),
        ("efficientnetv2b0", "auto", 0, 255),
    ],
)
def test_photos_are_scaled_to_the_range_of_the_pretraining(
    base: str, preprocessing: str, low: float, high: float
) -> None:
    from kernel.model import bases

    photos: Any = np.array([0, 1], "float32").reshape(1, 1, 2, 1).repeat(3, axis=3)
    for layer in bases.preprocessing(base_settings(base, "random", preprocessing=preprocessing)):
        photos = layer(photos)

    assert (np.min(photos), np.max(photos)) == (low, high)


def test_vgg16_is_fed_as_its_authors_trained_it() -> None:
    import keras

    from kernel.model import bases

    photos = np.random.RandomState(0).rand(2, SIDE, SIDE, 3).astype("float32")
    (layer,) = bases.preprocessing(base_settings("vgg16", "random", preprocessing="base"))

    theirs = keras.applications.vgg16.preprocess_input(255 * photos)
    np.testing.assert_allclose(layer(photos), theirs, atol=1e-4)


def test_the_preprocessing_of_vgg16_is_loaded_by_keras_alone(tmp_path: Path) -> None:
    from kernel.model import bases

    (layer,) = bases.preprocessing(base_settings("vgg16", "random", preprocessing="base"))
    layer.save(tmp_path / "model.keras")

    elsewhere = "import keras; print(keras.saving.load_model('model.keras').output_shape)"
    answer = subprocess.run(
        [sys.executable, "-c", elsewhere], cwd=tmp_path, capture_output=True, text=True
    )
    assert answer.stdout.strip() == f"(None, {SIDE}, {SIDE}, 3)", answer.stderr


def test_each_block_of_the_convnet_halves_the_photo() -> None:
    from kernel.model import bases

    model = bases.convnet(Settings.from_mapping({"image_size": SIDE, "filters": [4, 8, 12]}))

    assert model.output_shape == (None, SIDE // 8, SIDE // 8, 12)


@pytest.mark.parametrize(("base", "frozen"), [("convnet", False), ("vgg16", True)])
def test_only_a_pretrained_base_is_frozen(base: str, frozen: bool) -> None:
    from kernel.model import bases

    layer = bases.build(base_settings(base, "random")).layer

    assert bool(layer.trainable_weights) is not frozen


def test_a_replica_has_the_same_weights() -> None:
    from kernel.model import bases

    base = bases.build(base_settings("convnet", "random"))

    for ours, theirs in zip(base.layer.get_weights(), base.replica().get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
