"""`doctor`: what is missing, before it costs anything."""

from __future__ import annotations

from pathlib import Path

from support.fake_kaggle import FakeKaggle
from support.projects import packed_job, single_script

from kitctl import config
from kitctl.domain.job.metadata import Sources
from kitctl.errors import Refused
from kitctl.operations import doctor
from kitctl.operations.doctor import DoctorCheck


def project_checks(project: Path) -> dict[str, DoctorCheck]:
    checks = doctor.check_project(
        lambda: config.find_project(project, project, {}),
        lambda: config.load(project, {}, {}),
        (),
    )
    return {check.name: check for check in checks}


def test_a_correct_project_has_nothing_to_fix(tmp_path: Path) -> None:
    checks = project_checks(packed_job(tmp_path))
    assert all(check.ok and not check.fix for check in checks.values())
    assert checks.keys() >= {"project", "metadata", "job's packages", "settings"}


def test_all_mistakes_of_a_project_are_found_at_once(tmp_path: Path) -> None:
    project = single_script(
        tmp_path,
        "import json\nimport no_such_package.inner\n",
        title="x",
        dataset_sources=["ada/photos"],
    )
    checks = project_checks(project)
    assert {name for name, check in checks.items() if check.fix} == {
        "metadata",
        "job's packages",
        "source ada/photos",
    }
    assert "no_such_package" in checks["job's packages"].detail
    # A push needs neither the packages nor what stands for the sources.
    assert [name for name, check in checks.items() if not check.ok] == ["metadata"]


def test_wrong_settings_are_found_without_running_the_job(tmp_path: Path) -> None:
    check = project_checks(packed_job(tmp_path, job='epochs = "many"\n'))["settings"]
    assert not check.ok
    assert "epochs" in check.detail


def test_only_packages_that_provide_an_import_for_sure_are_offered_to_pip(tmp_path: Path) -> None:
    script = "import helpers\nimport kaggle_secrets\nimport cv2\nimport no_such_package\n"
    project = single_script(tmp_path, script)
    (project / "helpers.py").write_text("", "utf-8")
    check = project_checks(project)["job's packages"]
    assert "helpers" not in check.detail + check.fix
    assert "kaggle_secrets" not in check.detail + check.fix
    assert "pip install no_such_package" not in check.fix
    assert "packages that provide no_such_package" in check.fix


def test_a_date_among_the_settings_is_named(tmp_path: Path) -> None:
    check = project_checks(packed_job(tmp_path, job="day = 2026-11-25\n"))["metadata"]
    assert not check.ok and "holds a date" in check.detail and "in quotes" in check.fix


def test_without_a_project_the_machine_is_checked(tmp_path: Path) -> None:
    assert [*project_checks(tmp_path)] == ["project"]
    machine = {check.name: check for check in doctor.check_machine("no network", tmp_path)}
    assert machine["python"].ok
    assert "kaggle" in machine["packages"].detail


def test_credentials_clock_and_sources_are_checked_at_kaggle() -> None:
    kaggle = FakeKaggle(clock_offset=-300.0)
    sources = Sources(datasets=("ada/no-such-photos",), competitions=("titanic",), models=("g/m",))
    checks = {check.name: check for check in doctor.check_kaggle(lambda: kaggle, sources)}
    assert checks["credentials"].ok and "account ada" in checks["credentials"].detail
    assert checks["clock"].is_note and checks["clock"].detail == "300 s ahead of Kaggle's"
    assert not checks["sources on Kaggle"].ok
    assert "ada/no-such-photos" in checks["sources on Kaggle"].detail
    assert checks["sources on Kaggle"].detail.endswith("titanic: not checked. g/m: not checked.")


def test_an_id_of_another_account_is_found_before_a_push_refuses_it() -> None:
    checks = doctor.check_kaggle(FakeKaggle, Sources(), owner="grace")
    wrong = next(check for check in checks if not check.ok)
    assert wrong.name == "credentials" and "account ada; the job's id is grace's" in wrong.detail


def test_the_distributions_of_what_is_imported_are_named(tmp_path: Path) -> None:
    check = project_checks(single_script(tmp_path, "import PIL\nimport yaml\n"))["job's packages"]
    assert "pillow" in check.detail.lower() and "PyYAML" in check.detail


def test_refused_credentials_are_one_failed_check() -> None:
    def connect() -> FakeKaggle:
        raise Refused("No credentials.", code="no_credentials", hint="Get a token")

    (check,) = doctor.check_kaggle(connect, Sources())
    assert (check.name, check.ok, check.fix) == ("credentials", False, "Get a token")
