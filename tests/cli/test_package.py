"""`kitctl package`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import official_client
from support.command_line import Kitctl
from support.local_kaggle import LocalKaggle
from support.local_setup import LAST_WEEK
from support.projects import packed_job, single_script


def test_package_writes_the_script_and_the_metadata(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    packaged = kitctl("package", "--json").data
    folder = Path(packaged["out"])
    assert folder == project / "package"
    assert {path.name for path in folder.iterdir()} == {"script.py", "kernel-metadata.json"}
    assert packaged["script_bytes"] == (folder / "script.py").stat().st_size


def test_package_twice_gives_the_same_bytes(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    kitctl("package", "--out", "first")
    shutil.copytree(project / "job", project / "kept")
    kitctl("package", "--out", "second")
    for name in ("script.py", "kernel-metadata.json"):
        first, second = project / "first" / name, project / "second" / name
        assert first.read_bytes() == second.read_bytes()


def test_package_applies_the_settings_of_set(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    plain = kitctl("package", "--json").data["script_sha256"]
    assert kitctl("package", "--set", "epochs=3", "--json").data["script_sha256"] != plain


def test_package_names_the_official_command_and_push(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    hint = kitctl("package", "--project", str(project)).err.splitlines()[-1]
    assert hint == (
        f"next: kaggle kernels push -p {project / 'package'}"
        f"   (or: kitctl push --project {project})"
    )


def test_package_without_a_project_names_the_project_option(
    kitctl: Kitctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "home")
    call = kitctl("package", "--json")
    assert (call.code, call.error["code"]) == (3, "no_project")
    assert "--project" in call.error["hint"]


@pytest.mark.parametrize(("service", "file"), [("sky", "sky.yaml"), ("hf", "hf-jobs.sh")])
def test_package_for_another_service_adds_its_files(
    kitctl: Kitctl, project: Path, service: str, file: str
) -> None:
    packed_job(project)
    plain = kitctl("package", "--json").data
    packaged = kitctl("package", "--for", service, "--out", "there", "--json").data
    assert packaged["service_files"] == ["run_job.py", file]
    assert packaged["script_sha256"] == plain["script_sha256"]
    text = (project / "there" / file).read_text("utf-8")
    assert "gcr.io/kaggle-gpu-images/python" in text and "run_job.py" in text


@pytest.mark.parametrize("service", ["sky", "hf"])
@pytest.mark.parametrize(
    "metadata",
    [
        {"machine_shape": "TpuV5E8", "enable_gpu": "false", "enable_tpu": "true"},
        {"language": "r", "code_file": "train.R"},
    ],
)
def test_package_for_another_service_refuses_what_runs_only_on_kaggle(
    kitctl: Kitctl, project: Path, service: str, metadata: dict[str, str]
) -> None:
    single_script(project, "print(1)", **metadata)
    (project / "train.R").write_text("print(1)", "utf-8")
    call = kitctl("package", "--for", service, "--json")
    assert (call.code, call.error["code"]) == (3, "service")
    assert not (project / "package").exists()


def test_a_job_packaged_for_another_service_runs_there_with_its_inputs(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    local_kaggle.seed("words", files=[{"name": "words.txt", "text": "there"}], **LAST_WEEK)
    script = """
        from pathlib import Path
        for folder in ("notebooks/local/words", "words"):
            print(Path("../input", folder, "words.txt").read_text())
        Path("out.txt").write_text("done")
    """
    single_script(project, script, kernel_sources=["local/words"])
    kitctl("package", "--for", "sky")
    root = tmp_path / "kaggle"
    done = subprocess.run(
        [sys.executable, str(project / "package" / "run_job.py")],
        env={**official_client.environment(local_kaggle, tmp_path), "KAGGLE_ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("there\n") == 2
    assert (root / "working" / "out.txt").read_text("utf-8") == "done"


def test_a_package_replaces_no_file_but_those_of_an_earlier_one(
    kitctl: Kitctl, project: Path, tmp_path: Path
) -> None:
    script = project / "train.py"
    single_script(project, "import helper\n")
    (project / "helper.py").write_text("x = 1\n", "utf-8")
    source = script.read_text("utf-8")
    assert kitctl("package", "--out", ".").code == 2
    assert script.read_text("utf-8") == source
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "kernel-metadata.json").write_text("{}", "utf-8")
    refused = kitctl("package", "--out", str(tmp_path / "used"), "--json")
    assert (refused.code, refused.error["code"]) == (3, "folder_in_use")
    assert (tmp_path / "used" / "kernel-metadata.json").read_text("utf-8") == "{}"
    out = str(tmp_path / "new package")
    packaged = [kitctl("package", "--out", out) for _ in range(2)]
    assert [call.code for call in packaged] == [0, 0]
    assert f"kaggle kernels push -p '{out}'" in " ".join(packaged[0].err.split())
