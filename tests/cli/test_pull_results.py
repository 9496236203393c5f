"""`kitctl pull-results`, through the local Kaggle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.local_setup import LAST_WEEK


def test_pull_fetches_the_outputs_once_and_reads_the_metrics(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "open('metrics.json', 'w').write('{\"loss\": 0.5}')")
    kitctl("push", "--local")
    kitctl("wait", "--local")
    pulled = kitctl("pull-results", "--local", "--json").data
    assert pulled["out"] == str(project / "results" / "small-job" / "v1")
    assert pulled["metrics"] == {"loss": 0.5} and pulled["verified"] is False
    (file,) = pulled["files"]
    assert (file["path"], file["state"]) == ("metrics.json", "fetched")
    again = kitctl("pull-results", "local/small-job/1", "--local", "--json").data
    assert [file["state"] for file in again["files"]] == ["kept"]
    assert "no manifest" in kitctl("pull-results", "--local").out


def test_pull_exits_with_6_for_a_failed_run_and_fetches_what_it_left(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, "open('part.txt', 'w').write('half'); raise SystemExit(1)")
    kitctl("push", "--local")
    kitctl("wait", "--local")
    pulled = kitctl("pull-results", "--local", "--json")
    assert pulled.code == 6
    assert [file["path"] for file in pulled.data["files"]] == ["part.txt"]
    assert Path(pulled.data["log"]).is_file()


def test_pull_refuses_a_run_under_way_unless_told_to_wait(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "import time; time.sleep(1); open('late.txt', 'w').write('x')")
    kitctl("push", "--local")
    refused = kitctl("pull-results", "--local", "--json")
    assert refused.code == 4
    assert refused.error["hint"] == "kitctl pull-results --local 1 --wait"
    pulled = kitctl("pull-results", "--local", "--wait", "--json")
    assert [file["path"] for file in pulled.data["files"]] == ["late.txt"]


def test_outside_a_project_results_go_into_the_current_folder(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_kaggle.seed("elsewhere", files=[{"name": "a.txt", "text": "alpha"}], **LAST_WEEK)
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    assert kitctl("pull-results", "local/elsewhere/1", "--local").code == 0
    assert (outside / "results" / "elsewhere" / "v1" / "a.txt").read_text("utf-8") == "alpha"


def test_pull_results_takes_the_latest_run_of_any_kernel(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.seed("features", files=[{"name": "a.txt", "text": "old"}])
    local_kaggle.seed("features", files=[{"name": "a.txt", "text": "new"}])
    pulled = kitctl("pull-results", "local/features", "--local", "--json").data
    assert pulled["run"] == "local/features/2"
    assert Path(pulled["out"], "a.txt").read_text("utf-8") == "new"
