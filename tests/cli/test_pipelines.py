"""`kitctl pipelines` of the training job, here and through the local Kaggle."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.kernel_runs import write_split
from support.projects import packed_job

ROOT = Path(__file__).parents[2]
NAMES = ["naive", "fast"]


@pytest.fixture
def training_job(project: Path) -> Path:
    """A project with this repository's job, which measures two pipelines in one round."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "kernel", project / "kernel", ignore=ignored)
    job = 'image_size = 32\nmeasure_rounds = 1\ndata = "me/photos"\n'
    job += f"measure_pipelines = {json.dumps(NAMES)}\n"
    (project / "kernel" / "job.toml").write_text(job, "utf-8")
    metadata = json.loads((ROOT / "kernel-metadata.json").read_text("utf-8"))
    metadata |= {"dataset_sources": ["me/photos"], "enable_internet": "false"}
    (project / "kernel-metadata.json").write_text(json.dumps(metadata), "utf-8")
    return project


def test_pipelines_measures_the_photos_of_a_data_set_folder(
    kitctl: Kitctl, training_job: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "set"
    write_split(photos / "files", ("Car", "Truck"), 5, 2)
    (photos / "recipe.py").write_text("raise SystemExit('the files are there')", "utf-8")
    out = tmp_path / "out"
    words = ("pipelines", "--data", str(photos), "--read-delay", "1", "--out", str(out))
    data = kitctl(*words, "--json").data
    assert [each["name"] for each in data["pipelines"]] == NAMES
    for each in data["pipelines"]:
        assert each["photos"] == 10
        assert min(each["photos_per_second"], each["cached_photos_per_second"]) > 0
        assert each["peak_bytes"] > 0
        if each["name"] == "naive":  # Each photo takes the delay of a millisecond at least.
            assert each["photos_per_second"] < 1000
    assert {Path(path).stem for path in data["pictures"]} == {*NAMES, "all"}
    assert all(Path(path).is_file() for path in data["pictures"])
    with (out / "pipelines.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == NAMES


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_pipelines_refuses_a_folder_without_photos(
    kitctl: Kitctl, training_job: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    call = kitctl("pipelines", "--data", str(tmp_path / name), "--json")
    assert (call.code, call.error["code"]) == (3, "no_photos")


@pytest.mark.parametrize("options", [("--push", "--data", "."), ("--read-delay", "-1")])
def test_pipelines_refuses_options_that_contradict(
    kitctl: Kitctl, training_job: Path, options: tuple[str, ...]
) -> None:
    assert kitctl("pipelines", "--local", *options, "--json").code == 2


MEASURING = """
from pathlib import Path

from job._job import JOB

assert JOB["settings"]["task"] == "pipelines"
Path("pipelines.csv").write_text("name,photos_per_second\\nfast,100\\n")
Path("timelines").mkdir()
Path("timelines/all.png").write_bytes(b"picture")
"""


def test_pipelines_push_leaves_the_table_and_the_pictures_to_pull(
    kitctl: Kitctl, project: Path
) -> None:
    # The measuring itself takes minutes; the test above runs it.
    packed_job(project, {"job/main.py": MEASURING}, id="small-job")
    assert kitctl("pipelines", "--push", "--local", "--json").data["version"] == 1
    pulled = kitctl("pull-results", "--local", "--wait", "--json").data
    names = {file["path"] for file in pulled["files"]}
    assert {"pipelines.csv", "timelines/all.png"} <= names
    assert [Path(table).name for table in pulled["tables"]] == ["pipelines.csv"]
