"""A project → the folder that would be pushed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.projects import MAIN, lone_script, packed_job, write_files

from kitctl.errors import InvalidInput
from kitctl.operations.package import write_package
from kitctl.operations.shared.overrides import parse_overrides
from kitctl.operations.shared.plan_job import plan_job


def told(project: Path, **options: Any) -> list[str]:
    """Every problem that packaging the project tells."""
    with pytest.raises(InvalidInput) as failure:
        plan_job(project, **options)
    assert failure.value.exit_code == 3
    return [str(problem) for problem in failure.value.problems] or [failure.value.message]


def test_the_folder_holds_a_script_and_metadata_that_names_it(tmp_path: Path) -> None:
    project = packed_job(tmp_path / "project", job="epochs = 4\n")
    packaged = write_package(plan_job(project), tmp_path / "out")
    written = json.loads((tmp_path / "out/kernel-metadata.json").read_text("utf-8"))
    assert written["code_file"] == "script.py"
    assert (written["id"], written["enable_gpu"]) == ("ada/small-job", "true")
    assert packaged.modules == ("job/__init__.py", "job/counting.py", "job/main.py")
    assert packaged.script_bytes == (tmp_path / "out/script.py").stat().st_size
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "kernel-metadata.json",
        "script.py",
    ]


def test_packaging_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    project = packed_job(tmp_path / "project")
    for out in ("one", "two"):
        write_package(plan_job(project), tmp_path / out)
    for name in ("script.py", "kernel-metadata.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_only_python_files_of_the_package_go_in(tmp_path: Path) -> None:
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


def test_set_wins_over_the_job_file_and_changes_the_identity(tmp_path: Path) -> None:
    project = packed_job(tmp_path, job="epochs = 4\nunits = 2\n")
    plan = plan_job(project, overrides=parse_overrides(["epochs=7"]))
    assert plan.settings == {"epochs": 7, "units": 2}
    assert plan.script_sha256 != plan_job(project).script_sha256


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=3", 3),
        ("a=1e-3", 1e-3),
        ("a=true", True),
        ("a=[96, 96]", [96, 96]),
        ("a={x = [1, 2]}", {"x": [1, 2]}),
        ("a=vgg16", "vgg16"),
        ('a="3"', "3"),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a=2026-11-21", "2026-11-21"),
        ("a=1\nb = 2", "1\nb = 2"),
    ],
)
def test_a_set_value_is_toml_or_plain_text(word: str, value: object) -> None:
    assert parse_overrides([word]) == {"a": value}


def test_a_set_word_without_a_key_is_refused() -> None:
    for word in ("epochs", "=3"):
        with pytest.raises(InvalidInput, match="KEY=VALUE"):
            parse_overrides([word])


def test_every_wrong_setting_is_told_by_the_script_itself(tmp_path: Path) -> None:
    project = packed_job(tmp_path, job='epochs = "many"\n')
    problems = told(project, overrides={"units": "few"})
    assert problems == [
        'epochs: is "many": not a whole number. Allowed: 1 to 9.',
        'units: is "few": not a whole number. Allowed: 1 to 9.',
    ]


def test_a_job_that_cannot_check_itself_is_refused_with_its_last_words(tmp_path: Path) -> None:
    main = "import os\nos.environ['KITCTL_CHECK']\nraise RuntimeError('broken at import')\n"
    project = packed_job(tmp_path, {"job/main.py": main})
    assert "RuntimeError: broken at import" in told(project)[0]


def test_the_check_sees_nothing_of_the_users_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    main = MAIN.replace("print(json", "assert 'KAGGLE_KEY' not in os.environ\n        print(json")
    assert plan_job(packed_job(tmp_path, {"job/main.py": main})).settings == {"epochs": 5}


def test_mistakes_of_metadata_and_files_are_told_together(tmp_path: Path) -> None:
    project = packed_job(
        tmp_path,
        {"job/broken.py": "def f(:\n", "job/job.toml": "epochs = \n", "job/with-dash.py": ""},
        title="x",
    )
    problems = told(project)
    assert [problem.partition(":")[0] for problem in problems] == [
        "title",
        "job/broken.py",
        "with-dash",
        "job.toml",
    ]


def test_credentials_are_refused_and_never_repeated(tmp_path: Path) -> None:
    key = "0123456789abcdef" * 2
    project = packed_job(tmp_path, {"job/login.py": f"KEY = 1\nkaggle_key = '{key}'\n"})
    assert told(project)[0].startswith("job/login.py, line 2: holds a Kaggle API key.")
    assert key not in str(told(project))
    sound = packed_job(tmp_path / "sound")
    assert "A --set holds a credential" in told(sound, overrides={"token": f"KGAT_{key}"})[0]
    alone = lone_script(tmp_path / "alone", f"token = 'KGAT_{key}'\n")
    assert "train.py, line 1: holds a Kaggle access token" in told(alone)[0]


def test_code_outside_the_project_is_refused(tmp_path: Path) -> None:
    outside = write_files(tmp_path, {"outside.py": "print(1)\n"}) / "outside.py"
    project = packed_job(tmp_path / "project")
    (project / "job/linked.py").symlink_to(outside)
    assert "job/linked.py: leads out of the project" in told(project)[0]
    alone = lone_script(tmp_path / "alone", "", code_file="../outside.py")
    assert "leads out" in told(alone)[0]
    (alone / "train.py").unlink()
    (alone / "train.py").symlink_to(outside)
    lone_script(tmp_path / "absent", "", code_file="missing.py")
    assert "does not exist" in told(tmp_path / "absent")[0]


def test_a_lone_script_is_sent_byte_for_byte(tmp_path: Path) -> None:
    project = lone_script(tmp_path, "")
    code = "# -*- coding: latin-1 -*-\r\nprint('\xe4')\r\n".encode("latin-1")
    (project / "train.py").write_bytes(code)
    write_package(plan_job(project), tmp_path / "out")
    assert (tmp_path / "out/train.py").read_bytes() == code
    assert '"code_file": "train.py"' in (tmp_path / "out/kernel-metadata.json").read_text("utf-8")
    assert "no effect" in told(project, overrides={"epochs": 3})[0]


def test_another_accelerator_is_written_into_the_metadata(tmp_path: Path) -> None:
    plan = plan_job(packed_job(tmp_path), accelerator="p100")
    assert plan.metadata.machine_shape == "NvidiaTeslaT4"
    assert "retired" in plan.warnings[0]
    assert b'"accelerator": "cpu"' in plan_job(tmp_path, accelerator="cpu").script


def test_a_job_at_the_projects_root_is_packed_as_plain_modules(tmp_path: Path) -> None:
    project = write_files(
        lone_script(tmp_path, "", code_file="main.py"),
        {
            "main.py": "import model\nfrom _job import JOB\nprint(model.NAME, JOB['settings'])\n",
            "model.py": "NAME = 'flat'\n",
            "job.toml": "units = 3\n",
        },
    )
    write_package(plan_job(project), tmp_path / "out")
    done = subprocess.run(
        [sys.executable, "-I", "out/script.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("flat {'units': 3}\n", "")


def test_metadata_in_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "kernel-metadata.json").write_bytes('{"title": "Zoë"}'.encode("latin-1"))
    assert "UTF-8" in told(tmp_path)[0]
