"""Titles, slugs, references and version labels."""

from __future__ import annotations

import pytest

from kitctl.local.state import names
from kitctl.local.state.errors import ApiError


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Car or truck", "car-or-truck"),
        ("Watson's X", "watson-s-x"),
        ("Don't stop: Käse 2!", "don-t-stop-kase-2"),
        ("  --  ", ""),
        ("日本", ""),
    ],
)
def test_a_slug_is_lower_case_ascii_words_joined_by_hyphens(title: str, slug: str) -> None:
    assert names.slugify(title) == slug


def test_a_bare_slug_belongs_to_the_default_owner() -> None:
    assert names.split_reference("Ada/One-Job", default_owner="local") == ("ada", "one-job")
    assert names.split_reference("one-job", default_owner="local") == ("local", "one-job")


@pytest.mark.parametrize("reference", ["", "ada/", "a/b/c"])
def test_a_malformed_reference_is_a_bad_request(reference: str) -> None:
    with pytest.raises(ApiError, match="username/slug"):
        names.split_reference(reference, default_owner="local")


def test_a_source_may_name_a_version() -> None:
    assert names.split_source("Ada/Photos/3") == ("ada", "photos", 3)
    assert names.split_source("ada/photos") == ("ada", "photos", None)
    assert names.split_source("photos") == ("photos", "", None)


@pytest.mark.parametrize("label", ["1", "v0", "V1", "v01", "latest", ""])
def test_only_v_and_a_number_is_a_version_label(label: str) -> None:
    assert names.version_number("v12") == 12
    with pytest.raises(ApiError, match="There is no version") as raised:
        names.version_number(label)
    assert raised.value.status == 404
