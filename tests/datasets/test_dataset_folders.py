"""What every data set's folder holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
FOLDERS = sorted(path.parent.name for path in DATASETS.glob("*/dataset-metadata.json"))


def test_the_data_sets_are_those_that_the_readme_names() -> None:
    assert FOLDERS == [
        "car-or-truck",
        "car-or-truck-sample",
        "cv-course-models",
        "solar-cells",
        "vgg16-imagenet",
    ]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_data_set_says_what_it_is_as_kaggle_takes_it(name: str) -> None:
    metadata = json.loads((DATASETS / name / "dataset-metadata.json").read_text("utf-8"))
    assert 6 <= len(metadata["title"]) <= 50
    assert 20 <= len(metadata["subtitle"]) <= 80
    assert re.fullmatch(r"([a-z0-9-]+/)?[a-z0-9-]{3,50}", metadata["id"])
    assert metadata["id"].rpartition("/")[2] == name
    assert len(metadata["licenses"]) == 1
    readme = (DATASETS / name / "README.md").read_text("utf-8")
    assert readme.startswith("# ")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_recipe_says_how_it_is_run(name: str) -> None:
    recipe = DATASETS / name / "recipe.py"
    if recipe.exists():
        assert f"python datasets/{name}/recipe.py" in (recipe.parent / "README.md").read_text(
            "utf-8"
        )
