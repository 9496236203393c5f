"""Every other sub-command of `kaggle datasets`, `models`, `competitions` and `forums`."""

from __future__ import annotations

import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.competitions import competition_folder
from support.local_kaggle import AnsweredError, LocalKaggle
from support.official_session import OfficialSession

COMPETITIONS = "competitions.CompetitionApiService"
VARIATION = "local/my-classifier/jax/main"


def write(path: Path, content: object) -> Path:
    """Write a file, text or JSON, and return its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path.parent


def topic(server: LocalKaggle, place: str) -> str:
    """Add a topic of discussion with a comment and a reply; return its number."""
    reply = {"author": "second", "content": "A reply"}
    comments = [{"author": "first", "content": "A comment", "replies": [reply]}]
    seeded = {"place": place, "title": "How to read it?", "content": "Text", "comments": comments}
    return str(server.admin("seed", topics=[seeded])["topics"][0])


@pytest.fixture
def photos(official: OfficialSession, tmp_path: Path) -> str:
    """Create a data set and return its name."""
    metadata = {"id": "local/some-photos", "title": "Some photos", "keywords": ["cars"]}
    write(tmp_path / "photos" / "labels.csv", "id,label\n")
    official("datasets", "init", "-p", "photos")
    metadata["licenses"] = [{"name": "CC0-1.0"}]  # type: ignore[assignment]
    write(tmp_path / "photos" / "dataset-metadata.json", metadata)
    official("datasets", "create", "-p", "photos", "-q", "-t", "-r", "skip")
    return "local/some-photos"


@pytest.fixture
def model(official: OfficialSession, tmp_path: Path) -> Path:
    """Create a model with a variation; return the variation's folder."""
    for name, words in (("model", ("models",)), ("variation", ("models", "variations"))):
        (tmp_path / name).mkdir()
        official(*words, "init", "-p", name)
    described = {"ownerSlug": "local", "slug": "my-classifier", "title": "My classifier"}
    write(
        tmp_path / "model" / "model-metadata.json",
        {**described, "subtitle": "", "isPrivate": True, "description": "Cars and trucks"},
    )
    official("models", "create", "-p", "model")
    write(
        tmp_path / "variation" / "model-instance-metadata.json",
        {
            "ownerSlug": "local",
            "modelSlug": "my-classifier",
            "instanceSlug": "main",
            "framework": "jax",
            "overview": "Small",
            "usage": "Load it",
            "licenseName": "Apache 2.0",
        },
    )
    write(tmp_path / "variation" / "data.csv", "a,b\n")
    official("models", "variations", "create", "-p", "variation", "-q")
    return tmp_path / "variation"


@pytest.fixture
def contest(local_kaggle: LocalKaggle, tmp_path: Path) -> str:
    folder = competition_folder(tmp_path / "contest")
    local_kaggle.stand_in("competitions/small-contest", folder)
    return "small-contest"


def test_the_metadata_of_a_data_set_is_changed(
    official: OfficialSession, photos: str, tmp_path: Path
) -> None:
    official("datasets", "metadata", photos, "-p", "metadata")
    path = tmp_path / "metadata" / "dataset-metadata.json"
    metadata = json.loads(path.read_text("utf-8"))["info"]
    assert (metadata["isPrivate"], metadata["keywords"]) == (True, ["cars"])
    changed = {"title": "Other photos", "userSpecifiedSources": "My camera", "isPrivate": False}
    write(path, {"info": {**metadata, **changed}})
    printed = official("datasets", "metadata", photos, "-p", "metadata", "--update")
    assert "successfully updated" in printed
    official("datasets", "metadata", photos, "-p", "again")
    again = json.loads((tmp_path / "again" / "dataset-metadata.json").read_text("utf-8"))["info"]
    assert {name: again.get(name, False) for name in changed} == changed
    assert again["licenses"] == [{"name": "CC0-1.0"}]


def test_a_data_set_is_deleted(official: OfficialSession, photos: str) -> None:
    assert "deleted successfully" in official("datasets", "delete", photos, "--yes")
    assert photos not in official("datasets", "list", "-m")


def test_topics_are_listed_and_shown(
    official: OfficialSession, local_kaggle: LocalKaggle, photos: str, model: Path, contest: str
) -> None:
    local_kaggle.push("my-job", "print()")
    places = {
        "datasets": photos,
        "models": "local/my-classifier",
        "kernels": "local/my-job",
        "competitions": contest,
        "forums": "getting-started",
    }
    for kind, name in places.items():
        number = topic(local_kaggle, f"{kind}/{name}")
        listed = official(kind, "topics", "list", name, "-v")
        assert [line.split(",")[0] for line in listed.splitlines()[1:]] == [number]
        shown = official(kind, "topics", "show", number)
        assert "Comments: 2" in shown and "A comment" in shown and "A reply" in shown
    assert "A reply" in official("competitions", "topic-messages", contest, "4")
    assert "No topics" in official("datasets", "topics", "list", photos, "-s", "nothing like it")
    assert "404" in official("forums", "topics", "show", "99", fails=True)
    assert "Getting started" in official("forums")


def test_a_model_is_listed_described_and_changed(
    official: OfficialSession, model: Path, tmp_path: Path
) -> None:
    assert "my-classifier" in official("models", "list", "--owner", "local", "--sort-by", "hotness")
    assert "No models" in official("models", "list", "--owner", "loc")
    official("models", "get", "local/my-classifier", "-p", "model")
    described = json.loads((tmp_path / "model" / "model-metadata.json").read_text("utf-8"))
    assert (described["title"], described["isPrivate"]) == ("My classifier", True)
    changed = {**described, "title": "Your classifier", "description": "", "isPrivate": False}
    write(tmp_path / "model" / "model-metadata.json", changed)
    assert "was updated" in official("models", "update", "-p", "model")
    shown = json.loads(official("models", "get", "local/my-classifier"))
    assert (shown["title"], shown.get("isPrivate", False)) == ("Your classifier", False)
    assert "description" not in shown


def test_the_variations_of_a_model_are_listed_described_and_changed(
    official: OfficialSession, model: Path
) -> None:
    official("models", "variations", "get", VARIATION, "-p", str(model))
    path = model / "model-instance-metadata.json"
    described = json.loads(path.read_text("utf-8"))
    assert (described["usage"], described["framework"]) == ("Load it", "jax")
    write(path, {**described, "overview": "Smaller", "trainingData": ["local/some-photos"]})
    assert "was updated" in official("models", "variations", "update", "-p", str(model))
    shown = json.loads(official("models", "variations", "get", VARIATION))
    assert (shown["overview"], shown["trainingData"]) == ("Smaller", ["local/some-photos"])
    assert "data.csv,4B" in official("models", "variations", "files", VARIATION, "-v")
    listed = official("models", "variations", "list", "local/my-classifier", "-v")
    assert len(listed.splitlines()) == 2


def test_the_versions_of_a_variation_are_listed_downloaded_and_deleted(
    official: OfficialSession, model: Path, tmp_path: Path
) -> None:
    versions = ("models", "variations", "versions")
    write(model / "data.csv", "other\n")
    official(*versions, "create", VARIATION, "-p", str(model), "-n", "Other", "-q")
    listed = official(*versions, "list", VARIATION, "-v").splitlines()
    assert [line.split(",")[0] for line in listed[1:]] == ["2", "1"]
    official(*versions, "download", f"{VARIATION}/1", "-p", "one", "--untar", "-q")
    assert (tmp_path / "one" / "data.csv").read_text("utf-8") == "a,b\n"
    official(*versions, "download", f"{VARIATION}/2", "-p", "two", "-q")
    with tarfile.open(tmp_path / "two" / "my-classifier.tar.gz") as archive:
        assert archive.getnames() == ["data.csv"]
    assert "was deleted" in official(*versions, "delete", f"{VARIATION}/2", "-y")
    official(*versions, "create", VARIATION, "-p", str(model), "-q")
    listed = official(*versions, "list", VARIATION, "-v").splitlines()
    # A deleted version's number is not used again.
    assert [line.split(",")[0] for line in listed[1:]] == ["3", "1"]
    assert "was deleted" in official("models", "variations", "delete", VARIATION, "-y")
    assert "404" in official("models", "variations", "get", VARIATION, fails=True)
    assert "was deleted" in official("models", "delete", "local/my-classifier", "-y")
    assert "404" in official("models", "get", "local/my-classifier", fails=True)


def test_what_a_submission_leaves_is_listed_and_downloaded(
    official: OfficialSession, contest: str, tmp_path: Path
) -> None:
    text = "id,label\n1,car\n2,car\n3,car\n4,car\n"
    write(tmp_path / "mine.csv", text)
    words = ("competitions", "submit", contest, "-f", "mine.csv", "-m", "Cars", "--wait")
    assert "Public score: 0.50000" in official(*words)
    assert "COMPLETE" in official("competitions", "submission", "1")
    official("competitions", "submission-download", "1", "-p", "downloads")
    (downloaded,) = (tmp_path / "downloads").iterdir()
    assert downloaded.read_text("utf-8") == text
    assert "Remaining today: 4" in official("competitions", "submission-limits", contest)
    assert "0.50000" in official("competitions", "leaderboard", contest, "-s")
    official("competitions", "leaderboard", contest, "-d", "-p", "downloads", "-q")
    with zipfile.ZipFile(tmp_path / "downloads" / f"{contest}.zip") as archive:
        (name,) = archive.namelist()
        assert b"local" in archive.read(name)
    assert "1," in official("competitions", "team-submissions", "1", "-v")
    assert "No submissions" in official("competitions", "team-submissions", "2")
    assert "No episodes" in official("competitions", "episodes", "1")
    assert "404" in official("competitions", "replay", "1", fails=True)
    assert "404" in official("competitions", "logs", "1", "0", fails=True)


def test_a_competition_is_made_filled_and_scored(official: OfficialSession, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    official("competitions", "init", "made")
    described = {"title": "My contest", "slug": "my-contest", "briefDescription": "Cars"}
    write(tmp_path / "made" / "competition-metadata.json", {**described, "privacy": "PUBLIC"})
    official("competitions", "create", "-p", "made")
    write(tmp_path / "data" / "test.csv", "id\n1\n2\n")
    write(tmp_path / "data" / "train" / "labels.csv", "id,label\n3,car\n")
    update = ("competitions", "data", "update", "my-contest", "-p", "data", "-m", "First", "-q")
    assert "New data version" in official(*update)
    files = official("competitions", "files", "my-contest", "-v")
    assert "test.csv" in files and "train/labels.csv" in files
    assert "Ready: false" in official("competitions", "solution", "status", "my-contest")
    write(tmp_path / "solution.csv", "id,label\n1,car\n2,truck\n")
    official("competitions", "solution", "create", "my-contest", "-p", "solution.csv", "-q")
    assert "Ready: true" in official("competitions", "solution", "status", "my-contest")
    assert "launched" in official("competitions", "launch", "my-contest")
    write(tmp_path / "mine.csv", "id,label\n1,car\n2,car\n")
    submit = ("competitions", "submit", "my-contest", "-f", "mine.csv", "-m", "Cars")
    assert "Public score: 0.50000" in official(*submit, "--wait")
    settings = {"onlyAllowKernelSubmissions": True, "rulesRequired": True, "title": "Your contest"}
    write(tmp_path / "settings.json", settings)
    updated = official(
        *("competitions", "settings", "update", "my-contest", "--from-file", "settings.json")
    )
    assert "rules_required: true" in updated
    assert "Your contest" in official("competitions", "settings", "get", "my-contest")
    assert "400" in official(*submit, fails=True)
    official("competitions", "host-add", "my-contest", "--user", "somebody", "-y")
    assert "somebody" in official("competitions", "hosts", "my-contest", "-v")
    again = official("competitions", "create", "-p", "made", fails=True)
    assert "400" in again


def test_pages_of_a_competition_are_made_changed_and_deleted(
    local_kaggle: LocalKaggle, contest: str
) -> None:
    # The official client's own `pages` commands end with a TypeError in 2.2.5.
    def call(method: str, **request: object) -> dict[str, object]:
        answer: dict[str, object] = local_kaggle.call(
            f"{COMPETITIONS}/{method}", competitionName=contest, **request
        )
        return answer

    call("CreateCompetitionPage", page={"name": "rules", "content": "Be fair", "isPublished": True})
    with pytest.raises(AnsweredError, match="already"):
        call("CreateCompetitionPage", page={"name": "rules", "content": "Be fair"})
    changed = call(
        "UpdateCompetitionPage",
        pageName="rules",
        page={"content": "Be kind"},
        updateMask="content,isPublished",
    )
    assert (changed["content"], changed["isPublished"]) == ("Be kind", False)
    assert call("ListCompetitionPages", pageName="other") == {"pages": []}
    assert call("ListCompetitionPages")["pages"] == [changed]
    call("DeleteCompetitionPage", pageName="rules")
    assert call("ListCompetitionPages") == {"pages": []}
