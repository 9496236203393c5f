"""The option `--set KEY=VALUE`."""

from __future__ import annotations

import pytest

from kitctl.errors import InvalidInput
from kitctl.operations.planning.overrides import parse_overrides


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("a=3", 3),
        ("a=1e-3", 1e-3),
        ("a=true", True),
        ("a=[96, 96]", [96, 96]),
        ("a={x = [1, 2]}", {"x": [1, 2]}),
        ("a=vgg16", "vgg16"),
        ('a="3"', "3"),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a=2026-11-21", "2026-11-21"),
        ("a=1\nb = 2", "1\nb = 2"),
    ],
)
def test_a_value_is_toml_or_plain_text(option: str, value: object) -> None:
    assert parse_overrides([option]) == {"a": value}


def test_an_option_without_a_key_is_refused() -> None:
    for option in ("epochs", "=3"):
        with pytest.raises(InvalidInput, match="KEY=VALUE"):
            parse_overrides([option])
