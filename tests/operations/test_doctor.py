"""What is missing, before it costs anything."""

from __future__ import annotations

from pathlib import Path

from support.projects import lone_script, packed_job

from kitctl import config
from kitctl.operations import doctor
from kitctl.operations.doctor import DoctorCheck


def findings(project: Path) -> dict[str, DoctorCheck]:
    found = doctor.check_project(
        lambda: config.find_project(project, project, {}), lambda: config.load(project, {}, {})
    )
    return {finding.name: finding for finding in found}


def test_a_sound_project_has_nothing_to_mend(tmp_path: Path) -> None:
    found = findings(packed_job(tmp_path))
    assert all(finding.ok and not finding.fix for finding in found.values())
    assert found.keys() >= {"project", "metadata", "job's packages", "settings"}


def test_every_fault_of_a_project_is_found_in_one_go(tmp_path: Path) -> None:
    project = lone_script(
        tmp_path,
        "import json\nimport no_such_package.inner\n",
        title="x",
        dataset_sources=["ada/photos"],
    )
    found = findings(project)
    assert {name for name, finding in found.items() if not finding.ok} == {
        "metadata",
        "job's packages",
        "source ada/photos",
    }
    assert "no_such_package" in found["job's packages"].detail
    assert all(finding.fix for finding in found.values() if not finding.ok)


def test_wrong_settings_are_found_without_a_run(tmp_path: Path) -> None:
    finding = findings(packed_job(tmp_path, job='epochs = "many"\n'))["settings"]
    assert not finding.ok
    assert "epochs" in finding.detail


def test_without_a_project_the_machine_is_looked_at_all_the_same(tmp_path: Path) -> None:
    assert [*findings(tmp_path)] == ["project"]
    machine = {finding.name: finding for finding in doctor.check_machine("no network", tmp_path)}
    assert machine["python"].ok
    assert "kaggle" in machine["packages"].detail
