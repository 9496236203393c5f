"""`kagglehub`, unmodified, against the local Kaggle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import LocalKaggle
from support.official_client import environment

Hub = Callable[..., list[Any]]
CALLS = """
import json, sys, kagglehub
results = []
for function, arguments, keywords in json.loads(sys.argv[1]):
    results.append(getattr(kagglehub, function)(*arguments, **keywords))
print(json.dumps(results))
"""


def calling(function: str, *arguments: str, **keywords: Any) -> tuple[Any, ...]:
    """Return a call of a function of kagglehub, for `hub`."""
    return function, arguments, keywords


@pytest.fixture
def hub(local_kaggle: LocalKaggle, tmp_path: Path) -> Hub:
    """Return `hub(calling(…), …)`: it makes the calls in one new process and returns the results.

    A failure of a call fails the test.
    """
    home = tmp_path / "home"
    home.mkdir()

    def call(*calls: tuple[Any, ...]) -> list[Any]:
        finished = subprocess.run(
            [sys.executable, "-c", CALLS, json.dumps(calls)],
            env={**environment(local_kaggle, home), "KAGGLEHUB_CACHE": str(home / "cache")},
            cwd=home,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        results: list[Any] = json.loads(finished.stdout.strip().splitlines()[-1])
        return results

    return call


def write(folder: Path, **texts: str) -> Path:
    """Write files, by names whose "__" stands for "/", into a folder."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def contents(folder: Path | str) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with files in folders, one of them empty."""
    return write(tmp_path / "photos", labels="car", train__car__1="a car", train__empty="")


def test_a_dataset_with_folders_is_uploaded_twice_and_downloaded(
    hub: Hub, photos: Path, tmp_path: Path
) -> None:
    more = write(tmp_path / "more", labels="cars", train__car__1="a car", train__car__2="a van")
    name = "local/some-photos"
    _, first, _, second = hub(
        calling("dataset_upload", name, str(photos)),
        calling("dataset_download", name),
        calling("dataset_upload", name, str(more), version_notes="more cars"),
        calling("dataset_download", name),
    )
    assert contents(first) == contents(photos)
    assert Path(second).name == "2" and contents(second) == contents(more)


@pytest.mark.parametrize("nested", [True, False])
def test_one_file_and_one_folder_of_a_dataset_are_downloaded(
    hub: Hub, local_kaggle: LocalKaggle, photos: Path, nested: bool
) -> None:
    # That "train" is no file is an error, in either of its forms.
    local_kaggle.write_errors(nested=nested)
    name = "local/some-photos"
    _, file, folder = hub(
        calling("dataset_upload", name, str(photos)),
        calling("dataset_download", name, path="labels.txt"),
        calling("dataset_download", name, path="train"),
    )
    assert Path(file).read_text("utf-8") == "car"
    assert contents(folder) == contents(photos / "train")


def test_the_output_of_a_notebook_is_downloaded_whole_and_by_file(
    hub: Hub, local_kaggle: LocalKaggle
) -> None:
    files = [{"name": "plots/a.txt", "text": "x"}, {"name": "model.txt", "text": "y"}]
    local_kaggle.seed("one-job", files=files)
    file, folder = hub(
        calling("notebook_output_download", "local/one-job", path="plots/a.txt"),
        calling("notebook_output_download", "local/one-job"),
    )
    assert Path(file).read_text("utf-8") == "x"
    assert contents(folder) == {"plots/a.txt": "x", "model.txt": "y"}


def test_the_account_is_named(hub: Hub) -> None:
    assert hub(calling("whoami")) == [{"username": "local"}]
