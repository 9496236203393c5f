"""docs/settings.md says what the declarations say."""

import tomllib
from pathlib import Path

import pytest

from kernel.settings.knobs import KNOBS
from kernel.settings.settings import Settings
from kernel.settings.table import as_toml, page

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_of_the_settings_is_current() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), "run: make docs"


def test_the_page_has_a_row_for_every_setting() -> None:
    assert all(f"\n| `{name}`" in page() for name in KNOBS)


@pytest.mark.parametrize("name", KNOBS)
def test_defaults_and_examples_are_written_as_job_toml_takes_them(name: str) -> None:
    validate = KNOBS[name].validator.validate

    for value in (Settings().as_dict()[name], KNOBS[name].example):
        if value is not None:
            read = tomllib.loads(f"value = {as_toml(value)}")["value"]
            assert validate(read) == validate(value)
