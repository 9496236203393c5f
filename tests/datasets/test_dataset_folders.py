"""The contents of every data set's folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
FOLDERS = sorted(path.parent.name for path in DATASETS.glob("*/dataset-metadata.json"))


def test_the_data_sets_are_those_that_the_readme_names() -> None:
    readme = (DATASETS / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| \[([a-z0-9-]+)\]", readme, re.MULTILINE)) == FOLDERS


@pytest.mark.parametrize("name", FOLDERS)
def test_a_data_set_has_metadata_that_kaggle_accepts_and_a_readme(name: str) -> None:
    metadata = json.loads((DATASETS / name / "dataset-metadata.json").read_text("utf-8"))
    assert 6 <= len(metadata["title"]) <= 50
    assert 20 <= len(metadata["subtitle"]) <= 80
    assert re.fullmatch(r"([a-z0-9-]+/)?[a-z0-9-]{3,50}", metadata["id"])
    assert metadata["id"].rpartition("/")[2] == name
    assert len(metadata["licenses"]) == 1
    readme = (DATASETS / name / "README.md").read_text("utf-8")
    assert readme.startswith("# ")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_readme_gives_the_command_that_runs_the_recipe(name: str) -> None:
    recipe = DATASETS / name / "recipe.py"
    if recipe.exists():
        assert f"python datasets/{name}/recipe.py" in (recipe.parent / "README.md").read_text(
            "utf-8"
        )
