"""The model that leaves a run takes photos as a user has them."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.kernel_runs import SIDE, Run

from kernel.settings.settings import Settings


def settings(**changed: Any) -> Settings:
    return Settings.from_mapping({"image_size": [SIDE, SIDE + 8], **changed})


def photo_model(chosen: Settings) -> Any:
    """Return the model around a core that answers with the prepared photo itself."""
    import keras

    from kernel.model import raw_photos

    core = keras.Sequential([keras.Input(chosen.input_shape), keras.layers.Flatten()])
    return raw_photos.photo_model(core, chosen)


@pytest.mark.parametrize(
    "changed",
    [
        *({"interpolation": name} for name in ("nearest", "bilinear", "bicubic", "lanczos5")),
        {"crop_to_aspect_ratio": True, "interpolation": "bilinear"},
        {"color_mode": "grayscale"},
    ],
    ids=lambda changed: ",".join(map(str, changed.values())),
)
def test_photos_of_any_size_are_resized_and_scaled_as_in_training(changed: dict[str, Any]) -> None:
    from kernel.data.decoding import Decoder, to_unit

    chosen = settings(**changed)
    model, decoder = photo_model(chosen), Decoder(chosen)
    for size in ((SIDE, SIDE + 8), (97, 50), (9, 20)):
        pixels = np.random.RandomState(0).randint(0, 256, (*size, 3)).astype("uint8")
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "png")
        photo = decoder.decode_original(png.getvalue()).numpy()

        answer = np.asarray(model(photo[np.newaxis]))

        expected = to_unit(decoder.decode(png.getvalue())).numpy()
        np.testing.assert_allclose(answer[0], expected.ravel(), atol=1e-6)


@pytest.mark.parametrize("interpolation", ["area", "gaussian", "mitchellcubic"])
def test_a_model_whose_interpolation_keras_lacks_takes_photos_of_the_runs_size(
    interpolation: str,
) -> None:
    model = photo_model(settings(interpolation=interpolation))

    assert model.input_shape == (None, SIDE, SIDE + 8, 3)


def test_the_archive_is_loaded_by_keras_alone_and_predicts_raw_photos(
    run_job: Callable[..., Run],
) -> None:
    run = run_job(epochs=1, exports=["keras", "saved_model"])
    elsewhere = """if True:
        import json, keras, numpy as np
        model = keras.saving.load_model("model.keras")
        photo = np.random.RandomState(0).randint(0, 256, (1, 70, 45, 3)).astype("uint8")
        core = model.get_layer("classifier")
        print(json.dumps([model(photo).numpy().tolist(), model.predict(photo, verbose=0).tolist(),
                          core.input_shape]))"""
    answer = subprocess.run(
        [sys.executable, "-c", elsewhere], cwd=run.working, capture_output=True, text=True
    )

    assert answer.returncode == 0, answer.stderr
    called, predicted, core_shape = json.loads(answer.stdout)
    # Equal only if the loaded model does not believe that it is being trained.
    np.testing.assert_allclose(called, predicted, atol=1e-6)
    assert 0 < called[0][0] < 1
    assert core_shape == [None, SIDE, SIDE, 3]
    labels = json.loads((run.working / "labels.json").read_text("utf-8"))
    assert labels["classes"] == ["Car", "Truck"]
    assert labels["input"]["shape"] == [None, None, None, 3]
    assert labels["input"]["range"] == [0, 255]
    assert labels["output"] == {"shape": [None, 1], "probability_of": ["Truck"]}
    with zipfile.ZipFile(run.working / "model.keras") as archive:
        assert json.loads(archive.read("labels.json")) == labels
    inside: Path = run.working / "saved_model" / "assets.extra" / "labels.json"
    assert json.loads(inside.read_text("utf-8")) == labels
