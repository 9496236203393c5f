"""`kaggle kernels …` and `kaggle quota` against the local Kaggle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.official_client import OfficialClient, client_release
from support.projects import packed_job

from kitctl.operations.package import write_package
from kitctl.operations.planning.plan_job import plan_job

SCRIPT = """\
import pathlib, sys
print("first line")
print("a warning", file=sys.stderr)
pathlib.Path("plots").mkdir()
for number in range(25):
    pathlib.Path("plots", f"{number}.txt").write_text(str(number))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT, encoding="utf-8")
    metadata = {
        "id": "local/small-job",
        "title": "Small job",
        "code_file": "train.py",
        "language": "python",
        "kernel_type": "script",
        "is_private": "true",
        "enable_gpu": "true",
        "machine_shape": "NvidiaTeslaT4",
        "dataset_sources": ["nobody/nothing"],
    }
    (folder / "kernel-metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder


def test_a_folder_is_pushed_and_its_run_followed_and_downloaded(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, project: Path, tmp_path: Path
) -> None:
    pushed = kaggle("kernels", "push", "-p", str(project)).stdout
    assert "Kernel version 1 successfully pushed" in pushed
    assert f"{local_kaggle.endpoint}/code/local/small-job" in pushed
    assert "not valid dataset sources" in pushed and "nobody/nothing" in pushed

    followed = kaggle("kernels", "logs", "-f", "local/small-job").stdout
    assert "first line\n" in followed and "a warning\n" in followed
    status = kaggle("kernels", "status", "local/small-job").stdout
    assert "KernelWorkerStatus.COMPLETE" in status

    kaggle("kernels", "output", "local/small-job", "-p", str(tmp_path / "output"))
    left = {path.name for path in (tmp_path / "output" / "plots").iterdir()}
    assert left == {f"{number}.txt" for number in range(25)}
    log = json.loads((tmp_path / "output" / "small-job.log").read_text("utf-8"))
    assert "first line\n" in [line["data"] for line in log]

    assert (
        "plots/7.txt" in kaggle("kernels", "files", "local/small-job", "--page-size", "50").stdout
    )
    assert "local/small-job" in kaggle("kernels", "list", "-m").stdout
    kaggle("kernels", "pull", "local/small-job", "-p", str(tmp_path / "pulled"), "-m")
    assert (tmp_path / "pulled" / "small-job.py").read_text("utf-8") == SCRIPT
    pulled = json.loads((tmp_path / "pulled" / "kernel-metadata.json").read_text("utf-8"))
    assert (pulled["id"], pulled["machine_shape"]) == ("local/small-job", "NvidiaTeslaT4")


def test_the_log_of_a_running_run_is_followed(
    kaggle: OfficialClient, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.push(
        "talker", "import time\nfor n in range(4): print(n, flush=True); time.sleep(0.5)"
    )
    assert kaggle("kernels", "logs", "-f", "local/talker").stdout.split() == list("0123")


def test_a_log_that_was_cut_is_followed_to_its_end(
    kaggle: OfficialClient, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.push(
        "talker", "import time\nfor n in range(4): print(n, flush=True); time.sleep(0.7)"
    )
    local_kaggle.fault("drop", "logs", after_events=2)
    assert kaggle("kernels", "logs", "-f", "local/talker").stdout.split() == list("0123")
    assert local_kaggle.calls("logs") == 2


def test_the_quota_is_printed(kaggle: OfficialClient, local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-19T12:00:00Z")
    local_kaggle.seed(
        "long-one",
        machineShape="NvidiaTeslaT4",
        startedAt="2026-11-18T10:00:00Z",
        endedAt="2026-11-18T13:00:00Z",
    )
    # 2.2.4 shows the reset without a zone, 2.2.5 with one.
    rows = kaggle("quota", "--csv").stdout.replace("+00:00", "").splitlines()
    assert rows[1:] == [
        "GPU,3.00h,27.00h,30.00h,2026-11-21T00:00:00",
        "TPU,0.00h,20.00h,20.00h,2026-11-21T00:00:00",
    ]


def test_a_refused_push_shows_kaggles_message(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, project: Path
) -> None:
    local_kaggle.settings(gpu_allowed_seconds=0)
    pushed = kaggle("kernels", "push", "-p", str(project)).stdout
    assert "Kernel push error: Maximum weekly GPU quota of 0.00 hours reached." in pushed


def test_the_legacy_key_is_accepted(kaggle: OfficialClient, local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("mine")
    listed = kaggle(
        "kernels", "list", "-m", KAGGLE_API_TOKEN="", KAGGLE_USERNAME="local",
        KAGGLE_KEY=local_kaggle.token,
    )  # fmt: skip
    assert "local/mine" in listed.stdout


def test_the_access_token_of_a_login_is_renewed(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    local_kaggle.seed("mine")
    # The client trusts an access token for 30 minutes after its end.
    local_kaggle.advance(-7200)
    local_kaggle.write_oauth_login(tmp_path / "home", seconds=3600)
    local_kaggle.advance(7200)
    assert "local/mine" in kaggle("kernels", "list", "-m", KAGGLE_API_TOKEN="").stdout
    assert local_kaggle.calls("GenerateAccessToken") == 1


def test_a_wrong_token_is_refused(kaggle: OfficialClient) -> None:
    kaggle("kernels", "list", "-m", KAGGLE_API_TOKEN="wrong", fails=True)


def test_a_kernel_is_deleted(kaggle: OfficialClient, local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("old-one")
    kaggle("kernels", "delete", "local/old-one", "--yes")
    assert "Not found" in kaggle("kernels", "list", "-m").stdout


def test_a_package_of_kitctl_is_pushed(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    project = packed_job(tmp_path / "job", id="small-job", machine_shape="", enable_gpu="false")
    packed = plan_job(project)
    write_package(packed, tmp_path / "package")
    pushed = kaggle("kernels", "push", "-p", str(tmp_path / "package")).stdout
    assert "Kernel version 1 successfully pushed" in pushed
    assert local_kaggle.wait("small-job") == "COMPLETE"
    kaggle("kernels", "pull", "local/small-job", "-p", str(tmp_path / "pulled"))
    assert (tmp_path / "pulled" / "small-job.py").read_bytes() == packed.script


@pytest.mark.skipif(client_release() < (2, 2, 5), reason="this release has no --no-run")
def test_a_push_without_a_run_is_saved(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, project: Path
) -> None:
    kaggle("kernels", "push", "-p", str(project), "--no-run")
    assert local_kaggle.call("GetKernel", userName="local", kernelSlug="small-job")
    kaggle("kernels", "status", "local/small-job", fails=True)


def test_kernels_are_listed_by_filters(kaggle: OfficialClient, local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("with-plots", files=[{"name": "plot.png", "bytes": 1}])
    table = [{"name": "table.csv", "bytes": 1}]
    local_kaggle.seed("with-table", files=table, parent="local/with-plots")

    def listed(*filters: str) -> set[str]:
        text = kaggle("kernels", "list", "-m", "--csv", *filters).stdout
        return {name for name in ("with-plots", "with-table") if f"local/{name}" in text}

    both = ("--language", "python", "--kernel-type", "script", "--sort-by", "dateRun")
    assert listed(*both) == {"with-plots", "with-table"}
    assert listed("--output-type", "data") == {"with-table"}
    assert listed("--dataset", "ada/photos", "--competition", "titanic") == set()
    assert listed("--parent", "local/with-plots") == {"with-table"}


@pytest.mark.parametrize("nested", [True, False])
def test_an_error_of_either_form_ends_the_command(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, nested: bool
) -> None:
    local_kaggle.write_errors(nested=nested)
    finished = kaggle("kernels", "status", "local/no-such-job", fails=True)
    assert "kernels.get' was denied" in finished.stdout + finished.stderr
