"""Bases come from SavedModels, weight files or noise; a missing one says what to attach."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.kernel_runs import SIDE, Run

from kernel.session import RunError
from kernel.settings.settings import Settings

SHAPE = (SIDE, SIDE, 3)


def frozen(base: str, weights: str, **changed: object) -> Settings:
    return Settings.from_mapping(
        {"base": base, "base_weights": weights, "image_size": [SIDE, SIDE], **changed}
    )


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with `../input` beside it."""
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    return tmp_path


@pytest.fixture(scope="module")
def opaque(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that is no Keras architecture."""
    import tensorflow as tf

    class Extractor(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable(np.random.RandomState(0).rand(5, 5, 3, 4).astype("float32"))

        @tf.function(input_signature=[tf.TensorSpec([None, *SHAPE], tf.float32, name="photos")])
        def serve(self, photos: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"features": tf.nn.relu(tf.nn.conv2d(photos - 0.5, self.kernel, 4, "SAME"))}

    module = Extractor()
    folder = tmp_path_factory.mktemp("models") / "inceptionv1"
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    return folder


@pytest.mark.parametrize("layout", ["input/datasets/o/models/models", "input/models-v2"])
def test_keras_own_saved_model_moves_exactly_into_keras_architecture(
    working: Path, vgg16_weights: Path, layout: str
) -> None:
    import keras

    from kernel.model import bases

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=SHAPE)
    model.load_weights(vgg16_weights)
    model.export(working / layout / "vgg16-pretrained-base", verbose=False)

    base = bases.build(frozen("vgg16", "auto"))

    assert not base.is_opaque
    photos = np.random.rand(2, *SHAPE).astype("float32")
    np.testing.assert_array_equal(base.layer(photos), model(photos))


def test_another_saved_model_is_used_as_it_is_and_the_archive_carries_it(
    run_job: Callable[..., Run], opaque: Path
) -> None:
    import keras
    import tensorflow as tf

    run = run_job(base="inceptionv1", base_weights=str(opaque), units=[3])

    model = keras.saving.load_model(run.working / "model.keras", compile=False)
    exported = tf.saved_model.load(str(run.working / "saved_model"))
    photos = np.random.rand(3, *SHAPE).astype("float32")
    np.testing.assert_allclose(model(photos), exported.serve(photos), atol=1e-6)


def test_an_opaque_base_cannot_be_fine_tuned(opaque: Path) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match="cannot take apart"):
        bases.build(frozen("inceptionv1", str(opaque), fine_tune_epochs=1))


@pytest.mark.parametrize("base", ["inceptionv1", "mobilenetv2", "efficientnetv2b0"])
def test_weights_in_a_file_are_loaded(tmp_path: Path, base: str) -> None:
    from kernel.model import bases

    settings = frozen(base, "random")
    model = bases.core(bases.architecture(settings))
    model.save_weights(tmp_path / f"{base}.weights.h5")

    loaded = bases.build(frozen(base, str(tmp_path)))

    for ours, theirs in zip(
        bases.core(loaded.layer).get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_file_of_another_architecture_is_refused(vgg16_weights: Path) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match="does not fit"):
        bases.build(frozen("mobilenetv2", str(vgg16_weights)))


def test_a_missing_base_says_what_to_attach(working: Path) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match=r"ryanholbrook/cv-course-models .*\(attached: nothing\)"):
        bases.build(frozen("inceptionv1", "auto"))
    with pytest.raises(RunError, match="neither a path nor attached"):
        bases.build(frozen("vgg16", "someone/models"))


def test_where_weights_come_from_does_not_change_the_head(
    vgg16_weights: Path, tmp_path: Path
) -> None:
    from kernel import session
    from kernel.fit import classifier
    from kernel.model import bases

    heads = []
    for weights in ("random", str(vgg16_weights)):
        session.seed_all(1)
        settings = frozen("vgg16", weights, label_mode="binary")
        built = classifier.assemble(settings, bases.build(settings), 2)
        heads.append(built.head.get_weights())

    for one, other in zip(*heads, strict=True):
        np.testing.assert_array_equal(one, other)
