"""Weights of a base come from SavedModels or files; without any, the error says what to attach."""

from pathlib import Path

import numpy as np
import pytest
from support.kernel_runs import SIDE, base_settings

from kernel.model import base_weights
from kernel.session import RunError

SHAPE = (SIDE, SIDE, 3)


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with `../input` beside it."""
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    return tmp_path


@pytest.mark.parametrize("layout", ["input/datasets/o/models/models", "input/models-v2"])
def test_a_saved_model_of_keras_is_loaded_exactly_into_its_architecture(
    working: Path, vgg16_weights: Path, layout: str
) -> None:
    import keras

    from kernel.model import bases
    from kernel.model.saved_base import SavedModelBase

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=SHAPE)
    model.load_weights(vgg16_weights)
    model.export(working / layout / "vgg16-pretrained-base", verbose=False)

    base = bases.build(base_settings("vgg16", "auto"))

    assert not isinstance(base.layer, SavedModelBase)
    photos = np.random.rand(2, *SHAPE).astype("float32")
    np.testing.assert_array_equal(base.layer(photos), model(photos))


@pytest.mark.parametrize("base", ["inceptionv1", "mobilenetv2", "efficientnetv2b0"])
def test_weights_in_a_file_are_loaded(tmp_path: Path, base: str) -> None:
    from kernel.model import bases

    settings = base_settings(base, "random")
    model = bases.core(bases.architecture(settings))
    model.save_weights(tmp_path / f"{base}.weights.h5")

    loaded = bases.build(base_settings(base, str(tmp_path)))

    for ours, theirs in zip(
        bases.core(loaded.layer).get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_file_of_another_architecture_is_refused(vgg16_weights: Path) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match="does not fit"):
        bases.build(base_settings("mobilenetv2", str(vgg16_weights)))


def test_the_error_for_missing_weights_says_what_to_attach(working: Path) -> None:
    from kernel.model import bases

    with pytest.raises(RunError, match=r"ryanholbrook/cv-course-models .*\(attached: nothing\)"):
        bases.build(base_settings("inceptionv1", "auto"))
    with pytest.raises(RunError, match="neither a path nor attached"):
        bases.build(base_settings("vgg16", "someone/models"))


def test_the_digest_of_a_folder_depends_on_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for name, contents in (("a", b"1"), ("a", b"2"), ("b", b"1")):
        folder = tmp_path / f"{name}{contents.decode()}"
        folder.mkdir()
        (folder / name).write_bytes(contents)
        digests.add(base_weights.folder_digest(folder))

    assert len(digests) == 3
    assert base_weights.folder_digest(tmp_path / "a1") in digests
