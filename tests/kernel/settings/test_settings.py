"""Every setting is checked, and every mistake is said at once."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.settings.checks import CHECKS
from kernel.settings.settings import Settings, SettingsError


def problems(**settings: object) -> dict[str, tuple[str, str]]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_mapping(settings)
    return {each.setting: (each.message, each.allowed) for each in caught.value.problems}


def test_every_setting_has_a_check_and_its_default_passes_it() -> None:
    assert {field.name for field in dataclasses.fields(Settings)} == set(CHECKS)
    assert Settings.from_mapping(Settings().as_dict()) == Settings()


def test_all_mistakes_are_told_at_once_with_what_is_allowed() -> None:
    found = problems(base="vgg", epochs=0, learning_rate="fast", interpolation="cubic")

    assert set(found) == {"base", "epochs", "learning_rate", "interpolation"}
    assert "'vgg16'" in found["base"][1]
    assert "1 to 100000" in found["epochs"][1]
    assert "'bicubic'" in found["interpolation"][1]


def test_an_unknown_setting_is_told_with_the_nearest_known_one() -> None:
    assert "'learning_rate'" in problems(learning_rat=0.1)["learning_rat"][0]


@pytest.mark.parametrize("value", [True, "3", 3.0, None, float("nan")])
def test_a_whole_number_is_nothing_else(value: object) -> None:
    assert "epochs" in problems(epochs=value)


def test_a_single_number_stands_for_both_sides_of_a_photo_and_for_one_hidden_layer() -> None:
    settings = Settings.from_mapping({"image_size": 64, "units": 32})

    assert settings.image_size == (64, 64)
    assert settings.units == (32,)


def test_settings_that_contradict_each_other_are_told() -> None:
    assert "loss" in problems(loss="categorical_crossentropy", label_mode="binary")
    assert "fine_tune_epochs" in problems(base="convnet", fine_tune_epochs=3)
    assert "augment_views" in problems(base="vgg16", augment_views=3)
    assert "sweep" in problems(task="sweep", base="vgg16")


def test_a_sweep_is_checked_value_by_value() -> None:
    assert "units" in problems(sweep={"units": [6, "many"]})["sweep"][0]
    assert "image_size" in problems(sweep={"image_size": [64]})["sweep"][0]
    grid = Settings.from_mapping({"sweep": {"units": [6, [32, 6]], "learning_rate": [0.1]}}).sweep
    assert grid == (("units", ((6,), (32, 6))), ("learning_rate", (0.1,)))


def test_the_settings_are_checked_without_tensorflow_or_numpy(tmp_path: Path) -> None:
    program = (
        "import runpy, sys\n"
        "try: runpy.run_module('kernel.main', run_name='__main__')\n"
        "except SystemExit as end: print(end.code)\n"
        "print(sorted({'tensorflow', 'numpy', 'keras'} & set(sys.modules)))\n"
    )
    overrides = json.dumps({"epochs": -1, "bas": "vgg16"})
    environment = {**os.environ, "KITCTL_CHECK": "1", "KITCTL_OVERRIDES": overrides}

    out = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    answer = json.loads(out[0])
    assert {each["setting"] for each in answer["problems"]} == {"epochs", "bas"}
    assert out[1:] == ["3", "[]"]
