"""`kitctl submit`, through the local Kaggle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.competitions import SUBMISSION, competition_folder
from support.local_kaggle import LocalKaggle


@pytest.fixture
def contest(project: Path, local_kaggle: LocalKaggle, tmp_path: Path) -> Path:
    """A project whose job enters a competition with a file."""
    folder = competition_folder(tmp_path / "contest")
    local_kaggle.stand_in("competitions/small-contest", folder)
    write_script(project, SUBMISSION, competition_sources=["small-contest"])
    return folder


@pytest.fixture
def entry(contest: Path, local_kaggle: LocalKaggle) -> str:
    """A finished run that left a submission, right in three of four rows."""
    text = "id,label\n1,car\n2,truck\n3,car\n4,car\n"
    local_kaggle.seed("small-job", files=[{"name": "submission.csv", "text": text}])
    return "local/small-job/1"


def change(server: LocalKaggle, folder: Path, **details: object) -> None:
    """Describe the competition anew."""
    server.stand_in(
        "competitions/small-contest", competition_folder(folder.with_name("changed"), **details)
    )


def test_a_file_is_handed_in_and_its_score_comes_into_the_ledger(
    kitctl: Kitctl, contest: Path, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.settings(scoring_seconds=1)
    kitctl("push", "--local", "--follow")
    submitted = kitctl("submit", "--local", "--wait", "--json").data
    assert (submitted["status"], submitted["public_score"]) == ("COMPLETE", "0.75000")
    assert (submitted["competition"], submitted["left_today"]) == ("small-contest", 4)
    assert local_kaggle.calls("CreateSubmission") == 1
    (run,) = kitctl("runs", "--local", "--json").data["runs"]
    assert run["public_score"] == "0.75000"
    assert "0.75000" in kitctl("runs", "--local").out
    kitctl("push", "--local", "--follow", "--again")
    for number in ("1", "2"):
        kitctl("pull-results", number, "--local")
    compared = kitctl("compare", "1", "2", "--local", "--json").data["runs"]
    assert [each["public_score"] for each in compared] == ["0.75000", None]
    assert "0.75" in kitctl("compare", "1", "2", "--local").out


def test_a_code_competition_gets_the_version_of_the_kernel(
    kitctl: Kitctl, contest: Path, entry: str, local_kaggle: LocalKaggle
) -> None:
    change(local_kaggle, contest, code_only=True)
    submitted = kitctl("submit", entry, "--local", "--wait", "--json").data
    assert submitted["public_score"] == "0.75000"
    assert local_kaggle.calls("CreateCodeSubmission") == 1
    assert local_kaggle.calls("StartSubmissionUpload") == 0


def test_the_internet_in_a_code_competition_is_named_before_the_push_and_at_the_submission(
    kitctl: Kitctl, project: Path, contest: Path, local_kaggle: LocalKaggle
) -> None:
    change(local_kaggle, contest, code_only=True)
    sources = ["small-contest"]
    write_script(project, SUBMISSION, competition_sources=sources, enable_internet="true")
    pushed = kitctl("push", "--local", "--follow")
    assert "takes no run that had the internet on" in pushed.err
    assert local_kaggle.calls("GetCompetition") == 1
    refused = kitctl("submit", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "internet_on")


def test_rules_that_are_not_accepted_lead_to_their_page(
    kitctl: Kitctl, contest: Path, entry: str, local_kaggle: LocalKaggle
) -> None:
    change(local_kaggle, contest, rules_accepted=False)
    refused_push = kitctl("push", "--local", "--json")
    assert "has not joined" in refused_push.error["problems"][0]["message"]
    refused = kitctl("submit", entry, "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "rules_not_accepted")
    assert "must accept this competition's rules" in refused.error["message"]
    assert "/competitions/small-contest/rules" in refused.error["hint"]


def test_the_limit_of_the_day_is_named(
    kitctl: Kitctl, contest: Path, entry: str, local_kaggle: LocalKaggle
) -> None:
    change(local_kaggle, contest, max_daily_submissions=1)
    assert kitctl("submit", entry, "--local").code == 0
    refused = kitctl("submit", entry, "--local", "--again", "--json")
    assert (refused.code, refused.error["code"]) == (4, "daily_limit")
    assert "midnight UTC" in refused.error["hint"]


def test_a_missing_file_is_answered_with_names_that_are_near(kitctl: Kitctl, entry: str) -> None:
    missing = kitctl("submit", entry, "--file", "submision.csv", "--local", "--json")
    assert (missing.code, missing.error["code"]) == (3, "file_missing")
    assert "--file submission.csv" in missing.error["hint"]


def test_a_file_that_cannot_be_scored_is_a_failure(
    kitctl: Kitctl, contest: Path, local_kaggle: LocalKaggle
) -> None:
    files = [{"name": "submission.csv", "text": "id,label\n1,car\n"}]
    local_kaggle.seed("short-job", files=files)
    words = ("submit", "local/short-job/1", "--competition", "small-contest")
    failed = kitctl(*words, "--local", "--wait", "--json")
    assert (failed.code, failed.error["code"]) == (6, "submission_failed")
    assert "3 are missing" in failed.error["message"]


def test_a_lost_answer_hands_nothing_in_twice(
    kitctl: Kitctl, entry: str, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.answer("CreateSubmission", "", 502, after_effect=True)
    assert kitctl("submit", entry, "--local", "--wait", "--json").data["submission"] == 1
    assert local_kaggle.calls("CreateSubmission") == 1


def test_a_competition_that_nobody_names_or_knows_is_a_mistake(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.seed("entry-job")
    words = ("submit", "local/entry-job/1")
    assert kitctl(*words, "--local", "--json").error["code"] == "competition"
    unknown = kitctl(*words, "--competition", "titanik", "--local", "--json")
    assert (unknown.code, unknown.error["code"]) == (3, "not_found")


def test_the_template_of_a_competition_enters_one(
    kitctl: Kitctl, tmp_path: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "first-entry"
    created = kitctl("init", str(folder), "--template", "competition", "--json").data
    assert created["next"][-1] == "kitctl submit --local --wait"
    assert created["enable_internet"] is False
    monkeypatch.chdir(folder)
    assert kitctl("push", "--local", "--follow").code == 0
    submitted = kitctl("submit", "--local", "--wait", "--json").data
    assert float(submitted["public_score"]) > 0.8


def test_what_was_handed_in_is_not_handed_in_again_unless_asked(
    kitctl: Kitctl, contest: Path, entry: str, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.settings(scoring_seconds=1)
    first = kitctl("submit", entry, "--local")
    assert f"kitctl submit --local {entry} --wait" in " ".join(first.err.split())
    again = kitctl("submit", entry, "--local", "--wait", "--json").data
    assert (again["submission"], again["sent"], again["public_score"]) == (1, False, "0.75000")
    assert local_kaggle.calls("CreateSubmission") == 1
    assert kitctl("submit", entry, "--local", "--again", "--json").data["submission"] == 2


def test_another_file_or_one_that_could_not_be_scored_is_handed_in(
    kitctl: Kitctl, contest: Path, local_kaggle: LocalKaggle
) -> None:
    right = "id,label\n1,car\n2,truck\n3,car\n4,car\n"
    texts = {"submission.csv": "id,label\n1,car\n", "other.csv": right}
    files = [{"name": name, "text": text} for name, text in texts.items()]
    local_kaggle.seed("small-job", files=files)
    words = ("submit", "local/small-job/1", "--local", "--wait")
    assert [kitctl(*words).code for _ in range(2)] == [6, 6]
    assert kitctl(*words, "--file", "other.csv").code == 0
    assert local_kaggle.calls("CreateSubmission") == 3


def test_a_file_of_a_failed_run_is_only_handed_in_with_force(
    kitctl: Kitctl, project: Path, contest: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(
        project, SUBMISSION + "\nraise SystemExit(3)", competition_sources=["small-contest"]
    )
    assert kitctl("push", "--local", "--follow").code == 6
    refused = kitctl("submit", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "run_not_complete")
    assert local_kaggle.calls("CreateSubmission") == 0
    assert kitctl("submit", "--local", "--force").code == 0


def test_a_run_of_another_project_is_not_handed_in_to_this_ones_competition(
    kitctl: Kitctl, contest: Path, local_kaggle: LocalKaggle
) -> None:
    text = "id,label\n1,car\n2,truck\n3,car\n4,car\n"
    local_kaggle.seed("other-job", files=[{"name": "submission.csv", "text": text}])
    words = ("submit", "local/other-job/1", "--local", "--json")
    refused = kitctl(*words)
    assert (refused.code, refused.error["code"]) == (2, "competition")
    address = "https://www.kaggle.com/competitions/small-contest/overview"
    assert kitctl(*words, "--competition", address).data["competition"] == "small-contest"
