"""Every setting is declared whole: section, default, check, help, example."""

import pytest

from kernel.settings.knobs import KNOBS
from kernel.settings.settings import Settings, described


def test_the_declarations_are_the_fields_of_the_settings() -> None:
    assert list(KNOBS) == list(Settings().as_dict()) == [each["name"] for each in described()]


def test_the_defaults_pass_their_own_checks() -> None:
    assert Settings.from_mapping(Settings().as_dict()) == Settings()


@pytest.mark.parametrize("name", KNOBS)
def test_a_setting_says_in_a_sentence_what_it_does(name: str) -> None:
    knob = KNOBS[name]

    assert knob.section
    assert knob.validator.allowed
    assert knob.help[0].isupper() or knob.help.startswith(("auto ", "convnet: "))
    assert knob.help.endswith(".")


@pytest.mark.parametrize("name", [name for name, knob in KNOBS.items() if knob.example is not None])
def test_an_example_is_allowed_and_differs_from_the_default(name: str) -> None:
    knob = KNOBS[name]

    assert knob.validator.validate(knob.example) != knob.default
