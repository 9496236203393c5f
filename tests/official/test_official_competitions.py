"""`kaggle competitions …` against the local Kaggle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.competitions import SUBMISSION, competition_folder
from support.local_kaggle import LocalKaggle
from support.official_session import OfficialSession


@pytest.fixture
def contest(local_kaggle: LocalKaggle, tmp_path: Path) -> str:
    folder = competition_folder(tmp_path / "contest")
    local_kaggle.stand_in("competitions/small-contest", folder)
    return "small-contest"


def test_the_data_of_a_competition_is_listed_and_downloaded(
    official: OfficialSession, contest: str, tmp_path: Path
) -> None:
    assert "test.csv" in official("competitions", "files", contest)
    official("competitions", "download", contest, "-f", "test.csv")
    assert (tmp_path / "test.csv").read_text("utf-8").startswith("id\n")


def test_a_file_is_submitted_scored_and_listed(
    official: OfficialSession, contest: str, tmp_path: Path
) -> None:
    text = "id,label\n1,car\n2,car\n3,car\n4,car\n"
    (tmp_path / "mine.csv").write_text(text, "utf-8")
    submitted = official("competitions", "submit", contest, "-f", "mine.csv", "-m", "All cars")
    assert "Successfully submitted to Small contest" in submitted
    listed = official("competitions", "submissions", contest, "-v")
    assert "All cars" in listed and "0.50000" in listed


def test_a_kernel_version_is_submitted_to_a_code_competition(
    official: OfficialSession, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    folder = competition_folder(tmp_path / "contest", code_only=True)
    local_kaggle.stand_in("competitions/small-contest", folder)
    local_kaggle.push("entry-job", SUBMISSION)
    assert local_kaggle.wait("entry-job") == "COMPLETE"
    submitted = official(
        *("competitions", "submit", "small-contest", "-f", "submission.csv"),
        *("-k", "local/entry-job", "-v", "1", "-m", "By version"),
    )
    assert "Successfully submitted" in submitted
    (one,) = local_kaggle.call(
        "competitions.CompetitionApiService/ListSubmissions", competitionName="small-contest"
    )["submissions"]
    assert (one["publicScore"], one["description"]) == ("0.75000", "By version")
