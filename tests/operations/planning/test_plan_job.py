"""A project's plan: what goes into the script, and every mistake that keeps it from being made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.projects import MAIN, packed_job, single_script, write_files

from kitctl.domain.runs.resume import Resume
from kitctl.errors import InvalidInput
from kitctl.operations.planning.overrides import parse_overrides
from kitctl.operations.planning.plan_job import plan_job


def problems_of(project: Path, **options: Any) -> list[str]:
    """Return every problem that keeps the project from being planned."""
    with pytest.raises(InvalidInput) as failure:
        plan_job(project, **options)
    assert failure.value.exit_code == 3
    return [str(problem) for problem in failure.value.problems] or [failure.value.message]


def test_only_python_files_of_the_package_are_packed(tmp_path: Path) -> None:
    project = packed_job(
        tmp_path,
        {
            "job/inner/__init__.py": "",
            "job/inner/deep.py": "X = 1\n",
            "job/data/loose.py": "not in a package",
            "job/.env": "KAGGLE_KEY=x",
            "job/notes.txt": "notes",
            "other/__init__.py": "",
        },
    )
    assert plan_job(project).modules == (
        "job/__init__.py",
        "job/counting.py",
        "job/inner/__init__.py",
        "job/inner/deep.py",
        "job/main.py",
    )


def test_set_overrides_the_job_file_and_changes_the_identity(tmp_path: Path) -> None:
    project = packed_job(tmp_path, job="epochs = 4\nunits = 2\n")
    plan = plan_job(project, overrides=parse_overrides(["epochs=7"]))
    assert plan.settings == {"epochs": 7, "units": 2}
    assert plan.script_sha256 != plan_job(project).script_sha256


def test_every_wrong_setting_is_reported_by_the_script_itself(tmp_path: Path) -> None:
    project = packed_job(tmp_path, job='epochs = "many"\n')
    problems = problems_of(project, overrides={"units": "few"})
    assert problems == [
        'epochs: is "many": not a whole number. Allowed: 1 to 9.',
        'units: is "few": not a whole number. Allowed: 1 to 9.',
    ]


def test_a_job_that_cannot_check_its_settings_is_refused_with_its_error(tmp_path: Path) -> None:
    main = "import os\nos.environ['KITCTL_CHECK']\nraise RuntimeError('broken at import')\n"
    project = packed_job(tmp_path, {"job/main.py": main})
    assert "RuntimeError: broken at import" in problems_of(project)[0]


def test_a_job_that_goes_on_from_other_outputs_is_planned_without_them(tmp_path: Path) -> None:
    project = packed_job(tmp_path, job="epochs = 4\nunits = 2\n")
    plan = plan_job(project, resume=Resume("notebooks/ada/small-job", "ada/small-job/3"))
    assert plan.settings == {"epochs": 4, "units": 2}


def test_the_settings_check_runs_without_the_users_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    main = MAIN.replace("print(json", "assert 'KAGGLE_KEY' not in os.environ\n        print(json")
    assert plan_job(packed_job(tmp_path, {"job/main.py": main})).settings == {"epochs": 5}


def test_mistakes_in_metadata_and_files_are_reported_together(tmp_path: Path) -> None:
    project = packed_job(
        tmp_path,
        {"job/broken.py": "def f(:\n", "job/job.toml": "epochs = \n", "job/with-dash.py": ""},
        title="x",
    )
    problems = problems_of(project)
    assert [problem.partition(":")[0] for problem in problems] == [
        "title",
        "job/broken.py",
        "with-dash",
        "job.toml",
    ]


def test_credentials_are_refused_and_never_repeated(tmp_path: Path) -> None:
    key = "0123456789abcdef" * 2
    project = packed_job(tmp_path, {"job/login.py": f"KEY = 1\nkaggle_key = '{key}'\n"})
    assert problems_of(project)[0].startswith("job/login.py, line 2: holds a Kaggle API key.")
    assert key not in str(problems_of(project))
    sound = packed_job(tmp_path / "sound")
    assert "A --set holds a credential" in problems_of(sound, overrides={"token": f"KGAT_{key}"})[0]
    alone = single_script(tmp_path / "alone", f"token = 'KGAT_{key}'\n")
    assert "train.py, line 1: holds a Kaggle access token" in problems_of(alone)[0]


def test_code_outside_the_project_is_refused(tmp_path: Path) -> None:
    outside = write_files(tmp_path, {"outside.py": "print(1)\n"}) / "outside.py"
    project = packed_job(tmp_path / "project")
    (project / "job/linked.py").symlink_to(outside)
    assert "job/linked.py: leads out of the project" in problems_of(project)[0]
    alone = single_script(tmp_path / "alone", "", code_file="../outside.py")
    (warning,) = plan_job(alone).warnings
    assert "lies outside the project" in warning
    single_script(tmp_path / "absent", "", code_file="missing.py")
    assert "does not exist" in problems_of(tmp_path / "absent")[0]


def test_another_accelerator_is_written_into_the_metadata(tmp_path: Path) -> None:
    plan = plan_job(packed_job(tmp_path), accelerator="p100")
    assert plan.metadata.machine_shape == "NvidiaTeslaT4"
    assert "retired" in plan.warnings[0]
    assert b'"accelerator": "cpu"' in plan_job(tmp_path, accelerator="cpu").script


def test_metadata_in_another_encoding_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "kernel-metadata.json").write_bytes('{"title": "Zoë"}'.encode("latin-1"))
    assert "UTF-8" in problems_of(tmp_path)[0]


def test_a_single_script_takes_no_settings(tmp_path: Path) -> None:
    project = single_script(tmp_path, "print(1)")
    assert "no effect" in problems_of(project, overrides={"epochs": 3})[0]
