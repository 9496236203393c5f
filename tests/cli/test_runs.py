"""`kitctl runs`, through the local Kaggle."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.command_line import PRINT_SESSION, Kitctl, write_script
from support.ledgers import write_ledger
from support.local_kaggle import LocalKaggle, until
from support.pulled_results import write_results
from support.runs import run

from kitctl.domain.runs.chain import CHAIN_VARIABLE, ChainSession, Limits, first_session


def push_and_wait(kitctl: Kitctl) -> None:
    kitctl("push", "--local", "--force")
    kitctl("wait", "--local")


def test_runs_are_selected_by_state_number_and_project(kitctl: Kitctl, project: Path) -> None:
    for number in range(3):
        write_script(project, f"raise SystemExit({number % 2})")
        push_and_wait(kitctl)
    complete = kitctl("runs", "--local", "--status", "complete", "--json").data["runs"]
    assert [each["version"] for each in complete] == [3, 1]
    assert len(kitctl("runs", "--local", "--limit", "1", "--json").data["runs"]) == 1
    write_script(project, "print()", id="another-job", title="Another job")
    assert kitctl("runs", "--local", "--json").data["runs"] == []
    assert len(kitctl("runs", "--local", "--all", "--json").data["runs"]) == 3


def test_runs_lists_name_and_state_on_the_screen(kitctl: Kitctl) -> None:
    push_and_wait(kitctl)
    (line,) = [line for line in kitctl("runs", "--local").out.splitlines() if "small-job" in line]
    assert line.split()[:2] == ["local/small-job/1", "complete"]


def test_a_cancelled_run_is_listed_as_cancelled(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{PRINT_SESSION}time.sleep(600)")
    kitctl("push", "--local")
    until(lambda: local_kaggle.status("small-job") == "RUNNING")
    kitctl("cancel", "--local")
    assert "cancelled" in kitctl("runs", "--local", "--status", "cancelled").out


def test_runs_refuses_an_unknown_state_and_names_the_known_ones(kitctl: Kitctl) -> None:
    call = kitctl("runs", "--status", "odd", "--local", "--json")
    assert (call.code, call.error["code"]) == (2, "bad_status")
    assert "running" in call.error["hint"]


def test_runs_that_kaggle_cannot_update_are_shown_as_last_seen(
    kitctl: Kitctl, project: Path
) -> None:
    write_ledger(project.parent / "home" / "ledger.sqlite", [run(0.0, 60.0, version=3)])
    listed = kitctl("runs", "--all")
    assert "ada/cars/3" in listed.out
    assert "as last seen" in listed.err


@pytest.mark.parametrize("command", ["status", "runs", "logs", "cancel", "wait", "pull-results"])
@pytest.mark.parametrize(
    ("file", "code"), [("kernel-metadata.json", "invalid_metadata"), ("pyproject.toml", "settings")]
)
def test_a_broken_project_file_is_never_taken_for_no_project(
    kitctl: Kitctl, project: Path, command: str, file: str, code: str
) -> None:
    (project / file).write_text("[{", "utf-8")
    call = kitctl(command, "--local", "--json")
    assert (call.code, call.error["code"]) == (3, code)


def test_runs_shows_what_differs_and_a_metric_and_sorts_by_it(
    kitctl: Kitctl, project: Path
) -> None:
    for rate, score in ((0.1, 3), (0.2, 1), (0.3, 2)):
        report = {"settings": {"rate": rate, "units": 6}}
        lines = [
            "import json",
            f"json.dump({{'score': {score}}}, open('metrics.json', 'w'))",
            f"json.dump({report}, open('run.json', 'w'))",
        ]
        write_script(project, "\n".join(lines))
        push_and_wait(kitctl)
        if rate < 0.3:
            kitctl("pull-results", "--local")
    heading, *_ = kitctl("runs", "--local").out.splitlines()
    assert heading.split()[:7] == ["run", "status", "ran", "best", "score", "rate", "pushed"]
    call = kitctl("runs", "--local", "--sort", "score", "--csv", "runs.csv", "--json")
    assert [run["version"] for run in call.data["runs"]] == [1, 2, 3]
    assert [run["best_value"] for run in call.data["runs"]] == [3.0, 1.0, None]
    assert [run["differing"].get("rate") for run in call.data["runs"]] == [0.1, 0.2, None]
    rows = Path("runs.csv").read_text("utf-8").splitlines()
    assert rows[0] == "run,status,machine,pushed,hours,score,best_epoch,rate"
    assert rows[1].startswith("local/small-job/1,complete,cpu,")
    assert kitctl("runs", "--local", "--metric", "odd", "--json").error["code"] == "no_metric"


def test_results_of_another_run_in_the_folder_are_not_shown_as_this_ones(
    kitctl: Kitctl, project: Path
) -> None:
    push_and_wait(kitctl)
    kitctl("pull-results", "--local")
    folder = Path(kitctl("runs", "--local", "--json").data["runs"][0]["pulled_to"])
    write_results(folder, "kaggle ada/small-job/1", metrics={"score": 1})
    assert kitctl("runs", "--local", "--json").data["metric"] is None


def test_the_sessions_of_a_chain_stand_on_one_line_of_runs_and_of_quota(
    kitctl: Kitctl, project: Path
) -> None:
    sessions = [first_session("a" * 64, Limits(session_seconds=60))]
    sessions += [ChainSession(sessions[0].chain, number, 60, 60, "0" * 16) for number in (2, 3)]
    now = time.time()
    write_ledger(
        project.parent / "home" / "ledger.sqlite",
        [
            run(
                now - 7200 * (3 - session.number) - 3600,
                now - 7200 * (3 - session.number),
                version=session.number,
                environment={CHAIN_VARIABLE: session.variable},
            )
            for session in sessions
        ],
    )
    listed = kitctl("runs", "--all", "--limit", "2")
    (line,) = [line for line in listed.out.splitlines() if "ada/cars" in line]
    assert line.split()[:5] == ["ada/cars/1-3", "chain", "of", "3", "complete"]
    assert "3:00:00" in line
    assert kitctl("runs", "--all", "--sessions").out.count("ada/cars") == 3
    data = kitctl("runs", "--all", "--limit", "2", "--json").data
    assert [each["version"] for each in data["runs"]] == [3, 2]
    (group,) = data["groups"]
    assert (group["kind"], group["sessions"], group["running_seconds"]) == ("chain", 3, 10800)
    (used,) = [line for line in kitctl("quota").out.splitlines() if "chain of 3" in line]
    assert "ada/cars/3 complete, 3.0 h in all" in used
