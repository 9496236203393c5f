"""Data sets: uploaded ones, and folders that stand for Kaggle's."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from kitctl.local.state.errors import ApiError, TitleTaken
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.records import DatasetVersion, Upload

DETAILS = {"title": "Some photos", "keywords": ["cars"]}


def uploaded(state: LocalState, name: str, content: bytes = b"x") -> Upload:
    blob = state.blobs.create(name, len(content))
    blob.path.write_bytes(content)
    return Upload(blob.token)


def create(state: LocalState, *names: str, slug: str = "photos") -> DatasetVersion:
    """Create a data set of uploaded files and process it."""
    uploads = [uploaded(state, name) for name in names]
    version = state.datasets.create(("local", slug), DETAILS, uploads, is_private=True)
    state.datasets.process(version, uploads)
    return version


def file_names(state: LocalState, reference: str) -> list[str]:
    folder = state.datasets.folder_of(reference)
    assert folder is not None
    return sorted(path.name for path in folder.iterdir())


def test_a_processed_dataset_has_its_files_and_its_uploads_are_gone(
    local_state: LocalState, tmp_path: Path
) -> None:
    version = create(local_state, "a.txt", "b.txt")
    assert (version.number, version.notes) == (1, "Initial release")
    assert version.dataset.title == "Some photos" and version.dataset.keywords == ("cars",)
    assert file_names(local_state, "local/photos") == ["a.txt", "b.txt"]
    assert not list((tmp_path / "state/blobs").iterdir())


def test_a_dataset_is_ready_after_the_processing_time(local_state: LocalState) -> None:
    local_state.settings["dataset_seconds"] = 60
    create(local_state, "a.txt")
    assert not local_state.datasets.exists("local/photos")
    local_state.clock.advance(61)
    assert local_state.datasets.exists("local/photos")


def test_a_failed_dataset_says_why_and_is_no_source(local_state: LocalState) -> None:
    version = create(local_state, "../evil.txt")
    (failed,) = local_state.datasets.versions(version.dataset)
    assert failed.failure is not None and "not allowed" in failed.failure
    assert not local_state.datasets.exists("local/photos")


def test_a_new_version_is_the_newest_and_the_old_one_stays(local_state: LocalState) -> None:
    first = create(local_state, "a.txt")
    uploads = [uploaded(local_state, "b.txt")]
    second = local_state.datasets.add_version(first.dataset, "more", uploads, {})
    assert file_names(local_state, "local/photos") == ["a.txt"]
    local_state.datasets.process(second, uploads)
    assert file_names(local_state, "local/photos") == ["b.txt"]
    assert file_names(local_state, "local/photos/1") == ["a.txt"]
    assert not local_state.datasets.exists("local/photos/3")


def test_empty_details_leave_the_old_ones(local_state: LocalState) -> None:
    dataset = create(local_state, "a.txt").dataset
    local_state.datasets.update_details(dataset, {"title": "", "subtitle": "New"})
    changed = local_state.datasets.find("local", "photos")
    assert (changed.title, changed.subtitle) == ("Some photos", "New")


@pytest.mark.parametrize(
    ("owner", "slug", "status"), [("someone", "photos", 403), ("local", "", 400)]
)
def test_a_dataset_needs_the_accounts_name_and_a_slug(
    local_state: LocalState, owner: str, slug: str, status: int
) -> None:
    with pytest.raises(ApiError) as raised:
        local_state.datasets.create((owner, slug), DETAILS, [], is_private=True)
    assert raised.value.status == status


def test_a_slug_in_use_is_refused_until_its_dataset_is_deleted(local_state: LocalState) -> None:
    version = create(local_state, "a.txt")
    with pytest.raises(TitleTaken, match="already in use by a dataset"):
        create(local_state, "a.txt")
    local_state.datasets.delete(version.dataset)
    assert create(local_state, "a.txt").number == 1


def test_a_registered_folder_stands_for_another_owners_dataset(
    local_state: LocalState, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    local_state.datasets.register_folder("someone/photos", tmp_path / "one")
    assert local_state.datasets.folder_of("Someone/Photos") == tmp_path / "one"
    with pytest.raises(ApiError) as raised:
        local_state.datasets.own("someone", "photos")
    assert raised.value.status == 403


def test_a_registered_folder_can_be_replaced_and_its_archive_is_made_anew(
    local_state: LocalState, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name, encoding="utf-8")
        local_state.datasets.register_folder("someone/photos", tmp_path / name)
        dataset = local_state.datasets.find("someone", "photos")
        archive = local_state.datasets.archive(local_state.datasets.version(dataset, None))
        with zipfile.ZipFile(archive) as packed:
            assert packed.namelist() == [f"{name}.txt"]


def test_a_folder_that_was_removed_is_no_source(local_state: LocalState, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    local_state.datasets.register_folder("someone/photos", tmp_path / "one")
    (tmp_path / "one").rmdir()
    assert local_state.datasets.folder_of("someone/photos") is None


def test_a_competition_is_no_dataset_in_lists(local_state: LocalState, tmp_path: Path) -> None:
    local_state.datasets.register_folder("competitions/titanic", tmp_path)
    assert local_state.datasets.stand_in("competitions", "Titanic") == tmp_path.resolve()
    assert local_state.datasets.stand_in("competitions", "gone") is None
    assert local_state.datasets.visible() == []


def test_a_folder_that_stands_for_an_uploaded_data_set_is_its_newest_version(
    local_state: LocalState, tmp_path: Path
) -> None:
    datasets = local_state.datasets
    uploaded = datasets.create(("local", "photos"), {}, [], is_private=True)
    datasets.process(uploaded, [])
    (tmp_path / "one").mkdir()
    for _ in range(2):
        datasets.register_folder("local/photos", tmp_path / "one")
        assert datasets.folder_of("local/photos") == tmp_path / "one"
    assert datasets.folder_of("local/photos/1") == uploaded.folder
    assert [version.number for version in datasets.versions(uploaded.dataset)] == [2, 1]
