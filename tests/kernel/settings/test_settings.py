"""Settings are read from plain values, and every mistake is reported at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.settings.declaration import Effect
from kernel.settings.recipes import RECIPES
from kernel.settings.settings import Settings, SettingsError


def problems(**settings: object) -> dict[str, tuple[str, str]]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_mapping(settings)
    return {each.setting: (each.message, each.allowed) for each in caught.value.problems}


def test_settings_survive_the_way_through_json() -> None:
    settings = Settings.from_mapping({"units": [6, 32], "sweep": {"units": [6, [32, 6]]}})

    assert Settings.from_mapping(json.loads(json.dumps(settings.as_dict()))) == settings


def test_all_mistakes_are_reported_at_once_with_what_is_allowed() -> None:
    reported = problems(base="vgg", epochs=0, learning_rate="fast", interpolation="cubic")

    assert set(reported) == {"base", "epochs", "learning_rate", "interpolation"}
    assert "'vgg16'" in reported["base"][1]
    assert "1 to 100000" in reported["epochs"][1]
    assert "'bicubic'" in reported["interpolation"][1]


def test_an_unknown_setting_is_reported_with_the_nearest_known_one() -> None:
    assert "'learning_rate'" in problems(learning_rat=0.1)["learning_rat"][0]


def test_a_single_number_stands_for_both_sides_of_a_photo_and_for_one_hidden_layer() -> None:
    settings = Settings.from_mapping({"image_size": 64, "units": 32})

    assert settings.image_size == (64, 64)
    assert settings.units == (32,)


def test_a_changed_setting_is_checked_like_any_other() -> None:
    assert Settings().changed(epochs=3).epochs == 3
    with pytest.raises(SettingsError):
        Settings().changed(epochs=0)


def test_settings_that_leave_the_weights_alone_do_not_count_as_trained() -> None:
    trained = Settings().as_trained()

    assert "learning_rate" in trained
    assert "base" in trained
    assert not {"time_limit", "plots", "devices", "stop_on_plateau"} & set(trained)
    assert not {"data", "photos_per_class"} & set(trained), "the photos' digests say it"


def test_the_settings_of_stored_features_are_those_of_photos_and_base() -> None:
    features = Settings(image_size=(64, 64)).with_effect(Effect.FEATURES)

    assert features["image_size"] == [64, 64]
    assert {"base", "downscale_decode", "compute_dtype"} <= set(features)
    assert not {"units", "epochs", "batch_size"} & set(features)


def test_a_base_that_is_trained_from_scratch_gets_the_average_before_its_head() -> None:
    assert Settings(base="convnet").head_pooling == "average"
    assert Settings(base="vgg16").head_pooling == "flatten"
    assert Settings(base="vgg16", base_trainable=True).head_pooling == "average"
    assert Settings(base="convnet", pooling="max").head_pooling == "max"


def test_the_settings_are_checked_without_tensorflow_or_numpy() -> None:
    program = (
        "import runpy, sys\n"
        "try: runpy.run_module('kernel.main', run_name='__main__')\n"
        "except SystemExit as end: print(end.code)\n"
        "print(sorted({'tensorflow', 'numpy', 'keras'} & set(sys.modules)))\n"
    )
    overrides = json.dumps({"epochs": -1, "bas": "vgg16"})
    environment = {**os.environ, "KITCTL_CHECK": "1", "KITCTL_OVERRIDES": overrides}

    out = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    answer = json.loads(out[0])
    assert {each["setting"] for each in answer["problems"]} == {"epochs", "bas"}
    described = {each["name"]: each for each in answer["knobs"]}
    assert set(described) == set(answer["settings"])
    assert described["epochs"]["default"] == 30
    assert out[1:] == ["3", "[]"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_a_set_of_settings_each_of_which_can_be_set_otherwise(recipe: str) -> None:
    settings = Settings.from_mapping({"recipe": recipe, "units": [32]})

    assert settings.of_recipe() == {
        name: [32] if name == "units" else value for name, value in RECIPES[recipe].items()
    }
    assert settings.units == (32,)
    assert settings.changed(epochs=3).of_recipe() | {"epochs": 3} == (
        settings.of_recipe() | {"epochs": 3}
    )


def test_a_wrong_recipe_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(SettingsError, match="recipe: not one of the choices"):
        Settings.from_mapping({"recipe": "best"})
    with pytest.raises(SettingsError, match="recipe: not one of the choices"):
        Settings.from_mapping({"recipe": ["strong"]})
