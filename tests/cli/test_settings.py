"""`kitctl settings`: the settings of a job, as the job itself describes them."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Kitctl, write_script
from support.projects import packed_job

ROOT = Path(__file__).parents[2]

DESCRIBED = """
import json
import os

from job._job import JOB

KNOBS = [
    {"name": "epochs", "section": "Training", "default": 30, "allowed": "1 to 100",
     "help": "Passes over the photos.", "changes_weights": True, "example": 10},
    {"name": "units", "section": "Head", "default": [6], "allowed": "a list",
     "help": "Units of the head.", "changes_weights": True, "example": [6, 32]},
    {"name": "plots", "section": "Plots", "default": True, "allowed": "true, false",
     "help": "Draw the plots.", "changes_weights": False, "example": None},
]
if os.environ.get("KITCTL_CHECK"):
    settings = {knob["name"]: knob["default"] for knob in KNOBS} | JOB["settings"]
    print(json.dumps({"problems": [], "settings": settings, "knobs": KNOBS}))
"""


@pytest.fixture
def described_job(project: Path) -> Path:
    """A job that describes its three settings, one of them changed."""
    return packed_job(project, {"job/main.py": DESCRIBED}, job="epochs = 5", id="small-job")


def listed(kitctl: Kitctl, *words: str) -> dict[str, dict[str, Any]]:
    call = kitctl("settings", *words, "--json")
    assert call.code == 0, call.err
    return {setting["name"]: setting for setting in call.data["settings"]}


def test_every_setting_is_listed_with_its_default_and_the_value_in_force(
    kitctl: Kitctl, described_job: Path
) -> None:
    settings = listed(kitctl)

    assert list(settings) == ["epochs", "units", "plots"]
    assert settings["epochs"] == {
        "name": "epochs",
        "section": "Training",
        "default": 30,
        "value": 5,
        "allowed": "1 to 100",
        "help": "Passes over the photos.",
        "changes_weights": True,
        "example": 10,
    }
    assert settings["units"]["value"] == settings["units"]["default"] == [6]


def test_names_limit_the_list(kitctl: Kitctl, described_job: Path) -> None:
    assert list(listed(kitctl, "plots", "epochs")) == ["epochs", "plots"]


def test_an_unknown_name_is_refused_with_the_nearest_one(
    kitctl: Kitctl, described_job: Path
) -> None:
    call = kitctl("settings", "epoch", "--json")

    assert (call.code, call.error["code"]) == (3, "settings")
    assert "'epoch'" in call.error["message"]
    assert call.error["hint"] == "kitctl settings epochs"


def test_people_see_value_default_effect_and_an_example_to_type(
    kitctl: Kitctl, described_job: Path
) -> None:
    lines = [line.strip() for line in kitctl("settings").out.splitlines()]

    assert lines[:5] == [
        "Training",
        "epochs = 5   (default 30)",
        "Passes over the photos.",
        "Allowed: 1 to 100",
        "Example: --set epochs=10",
    ]
    assert "units = [6]   (default)" in lines
    assert "Example: --set 'units=[6, 32]'" in lines
    assert "Draw the plots. Does not change the weights." in lines


def test_a_job_that_does_not_describe_its_settings_lists_their_values(
    kitctl: Kitctl, project: Path
) -> None:
    packed_job(project, job="epochs = 3", id="small-job")

    settings = listed(kitctl)

    assert settings["epochs"]["value"] == 3
    assert settings["epochs"]["help"] == ""
    assert kitctl("settings").out.split() == ["epochs", "=", "3"]


def test_a_project_without_a_job_toml_has_no_settings(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print()")

    call = kitctl("settings", "--json")

    assert (call.code, call.error["code"]) == (3, "settings")
    assert call.error["message"] == "train.py has no settings: there is no job.toml beside it."


def test_wrong_settings_are_reported_with_what_is_allowed(kitctl: Kitctl, project: Path) -> None:
    packed_job(project, job='epochs = "many"', id="small-job")

    call = kitctl("settings", "--json")

    assert call.code == 3
    assert call.error["problems"][0]["fix"] == "Allowed: 1 to 9."


@pytest.fixture
def own_job(project: Path) -> Path:
    """The training job that this repository ships."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "kernel", project / "kernel", ignore=ignored)
    metadata = json.loads((ROOT / "kernel-metadata.json").read_text("utf-8"))
    (project / "kernel-metadata.json").write_text(json.dumps(metadata), "utf-8")
    return project


def test_the_training_job_describes_all_its_settings(kitctl: Kitctl, own_job: Path) -> None:
    settings = listed(kitctl)

    assert len(settings) > 60
    assert all(each["help"] and each["allowed"] for each in settings.values())
    assert settings["sweep"]["default"] == settings["sweep"]["value"] == {}


@pytest.mark.parametrize("name", ["image_size", "base", "epsilon", "sweep"])
def test_an_example_may_be_typed_as_it_is_shown(kitctl: Kitctl, own_job: Path, name: str) -> None:
    shown = kitctl("settings", name).out
    example = next(line for line in shown.splitlines() if "Example: " in line)
    words = shlex.split(example.split("Example: ")[1])

    assert kitctl("package", *words).code == 0


def test_the_list_fits_into_80_columns(
    kitctl: Kitctl, own_job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert max(map(len, kitctl("settings").out.splitlines())) <= 80
