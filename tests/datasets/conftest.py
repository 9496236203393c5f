"""Fixtures: recipes as modules, and a local folder in place of the package registry."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


def load_recipe(name: str) -> ModuleType:
    """Import datasets/<name>/recipe.py."""
    path = DATASETS / name / "recipe.py"
    spec = importlib.util.spec_from_file_location(f"recipe_{name.replace('-', '_')}", path)
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def recipe() -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that imports a recipe by its data set's name.

    A recipe imports the modules beside it, as when it is run.
    """
    before = list(sys.path)
    loaded: dict[str, ModuleType] = {}

    def get(name: str) -> ModuleType:
        if name not in loaded:
            sys.path.insert(0, str(DATASETS / name))
            loaded[name] = load_recipe(name)
        return loaded[name]

    yield get
    sys.path[:] = before


@pytest.fixture
def package_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip uses in place of a registry, and an empty cache."""
    folder = tmp_path / "packages-for-pip"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("KITCTL_HOME", str(tmp_path / "home"))
    return folder
