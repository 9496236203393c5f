"""A run finds its job and its attached sources."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kernel import session
from kernel.session import RunError


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `../input` of a run, empty."""
    (tmp_path / "working").mkdir()
    (tmp_path / "input").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    return tmp_path / "input"


def test_a_packed_job_and_its_overrides_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = ModuleType("kernel._job")
    packed.JOB = {"settings": {"epochs": 3, "seed": 1}, "accelerator": "gpu"}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kernel._job", packed)
    monkeypatch.setenv("KITCTL_OVERRIDES", json.dumps({"epochs": 2}))

    job = session.load_job()

    assert job.accelerator == "gpu"
    assert job.effective == {"epochs": 2, "seed": 1}


def test_an_unpacked_job_is_the_one_of_job_toml() -> None:
    assert session.load_job().settings["data"] == "ryanholbrook/car-or-truck"


def test_overrides_that_are_not_json_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITCTL_OVERRIDES", "epochs=2")

    with pytest.raises(RunError, match="KITCTL_OVERRIDES holds no JSON object"):
        session.load_job()


@pytest.mark.parametrize(
    "folder", ["datasets/ada/photos", "notebooks/ada/photos", "competitions/photos", "photos"]
)
def test_a_source_is_found_wherever_kaggle_mounts_it(inputs: Path, folder: str) -> None:
    (inputs / folder).mkdir(parents=True)

    assert session.first_folder("ada/photos") == Path("../input", folder)


def test_a_source_that_is_not_attached_has_no_folder(inputs: Path) -> None:
    assert session.first_folder("ada/photos") is None
    assert session.attached_names() == "nothing"


def test_attached_sources_have_the_names_that_metadata_gives_them(inputs: Path) -> None:
    for folder in ("datasets/ada/photos", "competitions/titanic", "older"):
        (inputs / folder).mkdir(parents=True)

    assert session.attached_names() == "ada/photos, titanic, older"


def test_an_archive_with_one_top_folder_of_its_name_is_entered(tmp_path: Path) -> None:
    (tmp_path / "photos" / "photos").mkdir(parents=True)

    assert session.unnested(tmp_path / "photos") == tmp_path / "photos" / "photos"
    assert session.unnested(tmp_path) == tmp_path


def test_the_time_of_a_phase_is_added_up_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    phases = session.Phases()

    with phases.measured("photos"):
        pass
    first = phases.seconds["photos"]
    with pytest.raises(ValueError), phases.measured("photos"):
        raise ValueError

    assert phases.seconds["photos"] >= first
    assert capsys.readouterr().out == "phase photos 0.0s\n" * 2
