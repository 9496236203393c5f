"""A SavedModel that Keras cannot take apart is used as a frozen base."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import SIDE, Run, base_settings
from support.saved_models import write_course_inceptionv1

from kernel.session import RunError

SHAPE = (SIDE, SIDE, 3)


@pytest.fixture(scope="module")
def course_inceptionv1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_course_inceptionv1(tmp_path_factory.mktemp("models") / "inceptionv1")


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that is none of Keras' architectures."""
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


def test_the_archive_of_a_model_holds_the_saved_model_of_its_base(
    run_job: Callable[..., Run], saved_model: Path
) -> None:
    import keras
    import tensorflow as tf

    forms = ["keras", "saved_model"]
    run = run_job(base="inceptionv1", base_weights=str(saved_model), units=[3], exports=forms)

    model = keras.saving.load_model(run.working / "model.keras", compile=False)
    exported = tf.saved_model.load(str(run.working / "saved_model"))
    photos = np.random.rand(3, *SHAPE).astype("float32")
    np.testing.assert_allclose(model(photos), exported.serve(photos), atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fine_tune_epochs": 1}, "not trained: set base_trainable"),
        ({"base_trainable": True}, "not trained: set base_trainable"),
        ({"compute_dtype": "float16"}, "set compute_dtype = 'float32'"),
        ({"preprocessing": "base"}, "preprocessing = 'base' cannot be applied"),
        ({"levels": 3}, "set levels = 1"),
        ({"image_size": [96, 96]}, r"set image_size = \[128, 128\]"),
    ],
    ids=["fine-tuning", "training", "float16", "preprocessing", "levels", "size"],
)
def test_the_courses_inceptionv1_refuses_by_name_what_it_cannot_do(
    settings: dict[str, Any], sentence: str, course_inceptionv1: Path
) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match=sentence):
        bases.build(
            base_settings("inceptionv1", str(course_inceptionv1), image_size=128).changed(
                **settings
            )
        )


def test_a_saved_model_of_keras_serves_photos_of_another_size_than_it_was_saved_for(
    tmp_path: Path,
) -> None:
    from kernel.model import bases
    from kernel.model.saved_base import SavedModelBase

    settings = base_settings("mobilenetv2", "random")
    bases.core(bases.architecture(settings)).export(tmp_path / "mobilenetv2", verbose=False)

    larger = settings.changed(base_weights=str(tmp_path), image_size=2 * SIDE)

    assert not isinstance(bases.core(bases.build(larger).layer), SavedModelBase)


def test_a_base_that_cannot_be_copied_stays_on_one_device_also_with_flips(
    saved_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kernel import accelerators
    from kernel.fit import distributed
    from kernel.model import bases

    settings = base_settings("inceptionv1", str(saved_model), average_flips="horizontal")
    names = [f"/job:localhost/replica:0/task:0/device:CPU:{number}" for number in range(2)]
    monkeypatch.setattr(accelerators, "devices", lambda limit: names)

    assert distributed.strategy(settings, bases.build(settings)) is None
    assert "devices: 1 of 2 (CPU) train the whole model; 1 idle" in capsys.readouterr().out
