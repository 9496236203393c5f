"""A title's slug: the check of a project's metadata and the local Kaggle make the same one."""

from __future__ import annotations

import json

import pytest

from kitctl.domain.job.metadata import inspect
from kitctl.local.state.names import slugify


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Watson's X", "watson-s-x"),
        ("Rock 'n' roll", "rock-n-roll"),
        ("Car or truck", "car-or-truck"),
        ("Käse 2!", "kase-2"),
        ("v1.5 _ C++ & C#", "v1-5-c-c"),
    ],
)
def test_a_title_has_one_slug(title: str, slug: str) -> None:
    assert slugify(title) == slug
    metadata = {"id": f"local/{slug}", "title": title, "code_file": "train.py"}
    metadata |= {"language": "python", "kernel_type": "script"}
    assert inspect(json.dumps(metadata)).problems == ()
