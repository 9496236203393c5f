"""`package`: the folder that would be pushed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.projects import packed_job, single_script, write_files

from kitctl.operations.package import write_package
from kitctl.operations.planning.plan_job import plan_job


def test_the_folder_has_a_script_and_metadata_that_names_it(tmp_path: Path) -> None:
    project = packed_job(tmp_path / "project", job="epochs = 4\n")
    packaged = write_package(plan_job(project), tmp_path / "out")
    metadata = json.loads((tmp_path / "out/kernel-metadata.json").read_text("utf-8"))
    assert metadata["code_file"] == "script.py"
    assert (metadata["id"], metadata["enable_gpu"]) == ("ada/small-job", "true")
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


def test_a_single_script_is_written_byte_for_byte(tmp_path: Path) -> None:
    project = single_script(tmp_path, "")
    code = "# -*- coding: utf-8 -*-\nprint('\xe4')\n".encode()
    (project / "train.py").write_bytes(code)
    write_package(plan_job(project), tmp_path / "out")
    assert (tmp_path / "out/train.py").read_bytes() == code
    assert '"code_file": "train.py"' in (tmp_path / "out/kernel-metadata.json").read_text("utf-8")


def test_a_job_at_the_projects_root_is_packed_as_plain_modules(tmp_path: Path) -> None:
    project = write_files(
        single_script(tmp_path, "", code_file="main.py"),
        {
            "main.py": "import model\nfrom _job import JOB\nprint(model.NAME, JOB['settings'])\n",
            "model.py": "NAME = 'flat'\n",
            "job.toml": "units = 3\n",
        },
    )
    write_package(plan_job(project), tmp_path / "out")
    process = subprocess.run(
        [sys.executable, "-I", "out/script.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert process.stdout.splitlines() == ["session unknown", "flat {'units': 3}"]
    assert process.stderr == ""
