"""Small photos, and runs of the kernel in a folder laid out as Kaggle's."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import SIDE, Run, write_split


def pytest_configure(config: pytest.Config) -> None:
    """TensorFlow's variables do not know numpy's newer copy argument; Keras 3.15 does not mind."""
    config.addinivalue_line(
        "filterwarnings", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    )


@pytest.fixture(scope="session")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """22 training and 9 validation photos of each of two classes."""
    return write_split(tmp_path_factory.mktemp("photos"), ("Car", "Truck"), 22, 9)


@pytest.fixture
def run_job(tmp_path: Path, two_classes: Path) -> Callable[..., Run]:
    """Run the job in a fresh working folder, or in one named by `working`."""

    def run(working: str = "working", **settings: Any) -> Run:
        from kernel import main
        from kernel.session import Job
        from kernel.settings.settings import Settings

        folder = tmp_path / working
        folder.mkdir(exist_ok=True)
        chosen = {"data": str(two_classes), "image_size": [SIDE, SIDE], "batch_size": 16}
        chosen |= {"epochs": 3, "plots": False, **settings}
        with contextlib.chdir(folder):
            code = main.run(Job(chosen), Settings.from_mapping(chosen))
        return Run(folder, code)

    return run


@pytest.fixture(scope="session")
def vgg16_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.weights.h5` of VGG16 whose random features neither vanish nor explode."""
    import keras

    keras.utils.set_random_seed(7)
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    model.set_weights([2**0.5 * weights for weights in model.get_weights()])
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    model.save_weights(path)
    return path


@pytest.fixture(autouse=True)
def _no_leftover_determinism() -> Iterator[None]:
    """A run makes all of TensorFlow deterministic, which then refuses to tell the time."""
    yield
    if "tensorflow" in sys.modules:
        # TensorFlow has no public way back.
        from tensorflow.python.framework import config

        config.disable_op_determinism()


@pytest.fixture(autouse=True)
def _no_leftover_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run must not see the variables of whoever runs the tests."""
    for name in ("KITCTL_REHEARSAL", "KITCTL_OVERRIDES", "KITCTL_CHECK", "KAGGLE_CONTAINER_NAME"):
        monkeypatch.delenv(name, raising=False)
    yield
