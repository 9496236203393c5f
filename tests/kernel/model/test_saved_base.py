"""A SavedModel that Keras cannot take apart is used as a frozen base."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.kernel_runs import SIDE, Run, base_settings

from kernel.session import RunError

SHAPE = (SIDE, SIDE, 3)


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

    run = run_job(base="inceptionv1", base_weights=str(saved_model), units=[3])

    model = keras.saving.load_model(run.working / "model.keras", compile=False)
    exported = tf.saved_model.load(str(run.working / "saved_model"))
    photos = np.random.rand(3, *SHAPE).astype("float32")
    np.testing.assert_allclose(model(photos), exported.serve(photos), atol=1e-6)


def test_a_saved_model_of_another_architecture_cannot_be_fine_tuned(saved_model: Path) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match="cannot take apart"):
        bases.build(base_settings("inceptionv1", str(saved_model), fine_tune_epochs=1))
