"""Small photos, and runs of the training job in a working folder."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import SIDE, Run, write_split


def pytest_configure(config: pytest.Config) -> None:
    """Ignore that TensorFlow's variables lack numpy's newer copy argument."""
    config.addinivalue_line(
        "filterwarnings", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    )


@pytest.fixture(scope="session")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """22 training and 9 validation photos of each of two classes."""
    return write_split(tmp_path_factory.mktemp("photos"), ("Car", "Truck"), 22, 9)


@pytest.fixture
def run_job(tmp_path: Path, two_classes: Path) -> Callable[..., Run]:
    """A function that runs the job in the folder `working`, which is new if it does not exist.

    The run leaves its model in one form: a SavedModel takes longer than all else in so small a run.
    """

    def run(working: str = "working", **settings: Any) -> Run:
        from kernel import main
        from kernel.session import Job
        from kernel.settings.settings import Settings

        folder = tmp_path / working
        folder.mkdir(exist_ok=True)
        chosen = {"data": str(two_classes), "image_size": [SIDE, SIDE], "batch_size": 16}
        chosen |= {"epochs": 3, "plots": False, "exports": ["keras"], **settings}
        with contextlib.chdir(folder):
            code = main.run(Job(chosen), Settings.from_mapping(chosen))
        return Run(folder, code)

    return run


@pytest.fixture(scope="session")
def vgg16_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.weights.h5` of VGG16 with random weights, whose features neither vanish nor explode."""
    import keras

    keras.utils.set_random_seed(7)
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    model.set_weights([2**0.5 * weights for weights in model.get_weights()])
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    model.save_weights(path)
    return path


@pytest.fixture(autouse=True)
def _without_determinism() -> Iterator[None]:
    """Undo the determinism of a run, with which TensorFlow refuses to read the clock."""
    yield
    if "tensorflow" in sys.modules:
        # TensorFlow has no public function for it.
        from tensorflow.python.framework import config

        config.disable_op_determinism()


@pytest.fixture(autouse=True)
def _without_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide the variables of the process that runs the tests."""
    for name in ("KITCTL_REHEARSAL", "KITCTL_OVERRIDES", "KITCTL_CHECK"):
        monkeypatch.delenv(name, raising=False)
    yield
