"""`kitctl pipelines` from the words that are typed: here, and through the local Kaggle."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import write_split
from support.local_kaggle import LocalKaggle

from kitctl.cli.main import main

ROOT = Path(__file__).parents[2]
NAMES = ["naive", "prefetch", "parallel_map", "interleave"]
NAMES += ["vectorized", "cache", "course", "fast"]
Kit = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with this repository's job, whose measuring takes one round."""
    folder = tmp_path / "project"
    shutil.copytree(
        ROOT / "kernel", folder / "kernel", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "kernel" / "job.toml").write_text("image_size = 32\nmeasure_rounds = 1\n", "utf-8")
    metadata = json.loads((ROOT / "kernel-metadata.json").read_text("utf-8"))
    metadata |= {"dataset_sources": ["me/photos"], "enable_internet": "false"}
    (folder / "kernel-metadata.json").write_text(json.dumps(metadata), "utf-8")
    monkeypatch.setenv("KITCTL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def kit(project: Path, capsys: pytest.CaptureFixture[str]) -> Kit:
    def call(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main([*words, "--json"])
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert answer["ok"] == (code == 0)
        return code, answer["data"] if code == 0 else answer["error"]

    return call


def test_photos_of_a_data_sets_folder_are_measured_and_told_as_json(
    kit: Kit, tmp_path: Path
) -> None:
    photos = tmp_path / "set"
    write_split(photos / "files", ("Car", "Truck"), 5, 2)
    (photos / "recipe.py").write_text("raise SystemExit('the files are there')", "utf-8")
    out = tmp_path / "out"
    words = ("pipelines", "--data", str(photos), "--read-delay", "1", "--out", str(out))
    code, data = kit(*words)
    assert code == 0
    assert [each["name"] for each in data["pipelines"]] == NAMES
    for each in data["pipelines"]:
        assert each["photos"] == 10
        assert min(each["photos_per_second"], each["cached_photos_per_second"]) > 0
        assert each["peak_bytes"] > 0
        if each["name"] == "naive":  # a millisecond is waited for each photo
            assert each["photos_per_second"] < 1000
    assert {Path(path).stem for path in data["pictures"]} == {*NAMES, "all"}
    assert all(Path(path).is_file() for path in data["pictures"])
    with (out / "pipelines.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == NAMES


def test_what_cannot_be_measured_is_refused_before_anything_runs(kit: Kit, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "missing"):
        code, error = kit("pipelines", "--data", str(folder))
        assert (code, error["code"]) == (3, "no_photos")
    assert kit("pipelines", "--push", "--local", "--data", str(empty))[0] == 2
    assert kit("pipelines", "--read-delay", "-1")[0] == 2


def test_a_pushed_measurement_is_pulled_with_its_table_and_pictures(
    kit: Kit, project: Path, tmp_path: Path, local_kaggle: LocalKaggle
) -> None:
    photos = write_split(tmp_path / "photos", ("Car", "Truck"), 5, 2)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "local").symlink_to(local_kaggle.state, target_is_directory=True)
    job = project / "kernel" / "job.toml"
    job.write_text(job.read_text("utf-8") + 'data = "me/photos"\n', "utf-8")
    sources = f'[tool.kitctl.sources]\n"me/photos" = "{photos.as_posix()}"\n'
    (project / "pyproject.toml").write_text(sources, "utf-8")
    code, pushed = kit("pipelines", "--push", "--local")
    assert code == 0 and pushed["version"] == 1
    code, pulled = kit("pull-results", "--local", "--wait")
    assert code == 0 and pulled["verified"]
    names = {file["path"] for file in pulled["files"]}
    assert {"pipelines.csv", "manifest.json", "timelines/all.png", "timelines/fast.png"} <= names
    assert [Path(table).name for table in pulled["tables"]] == ["pipelines.csv"]
