"""Odd folders: what `kitctl datasets` refuses, with a sentence that says what to do."""

from __future__ import annotations

import gzip
import io
import shlex
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.local_kaggle import LocalKaggle

TOKEN = "KGAT_" + "a" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small-set").mkdir()
    (tmp_path / "small-set" / "note.txt").write_text("first", "utf-8")
    return tmp_path / "small-set"


def tar(files: dict[str, bytes], mode: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "inside"),
    [
        ("a.tar", tar({"job/.env": b"A=1"}, "w"), "job/.env"),
        ("a.tgz", tar({"deep/kaggle.json": b"{}"}, "w:gz"), "deep/kaggle.json"),
        ("a.tar.bz2", tar({"notes.txt": TOKEN.encode()}, "w:bz2"), "line 1 of notes.txt"),
        ("a.zip", zipped({"x/notes.ipynb": b"\n" + TOKEN.encode()}), "line 2 of x/notes.ipynb"),
        ("a.csv.gz", gzip.compress(TOKEN.encode(), mtime=0), "line 1"),
        ("a.ipynb", TOKEN.encode("utf-16"), "line 1"),
        ("conf.txt", b"key = sk-proj-" + b"aB3_" * 12, "line 1"),
    ],
)
def test_a_secret_is_found_wherever_it_is_packed(
    kitctl: Kitctl,
    local_kaggle: LocalKaggle,
    folder: Path,
    name: str,
    content: bytes,
    inside: str,
) -> None:
    (folder / name).write_bytes(content)
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "secrets")
    (problem,) = refused.error["problems"]
    assert problem["where"] == name and inside in problem["message"]
    assert TOKEN not in refused.out
    assert local_kaggle.calls("StartBlobUpload") == 0


def test_the_option_that_leaves_secrets_out_can_be_pasted_whatever_they_are_called(
    kitctl: Kitctl, folder: Path
) -> None:
    names = ["it's.pem", "[1].pem", "a' ; touch pwned ; '.pem"]
    for name in names:
        (folder / name).write_text("x", "utf-8")
    (folder / "1.txt").write_text("kept", "utf-8")
    hint = kitctl("datasets", "push", str(folder), "--local", "--json").error["hint"]
    options = shlex.split(hint.partition("leave them out: ")[2])
    assert options.count("--exclude") == len(names)
    pushed = kitctl("datasets", "push", str(folder), "--local", "--json", *options)
    assert pushed.data["files"] == 2


@pytest.mark.parametrize(
    "names",
    [
        ("x.zip", "x.tar"),
        ("x.zip", "x"),
        ("x.csv.gz", "x.csv"),
        ("x.zip", "x/a.txt"),
        ("x.zip", "x/y.zip"),
    ],
)
def test_what_kaggle_would_unpack_over_another_file_is_refused(
    kitctl: Kitctl, folder: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        content = tar({"a": b"a"}, "w") if name.endswith(".tar") else zipped({"a": b"b"})
        (folder / name).write_bytes(content)
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "archive_over_folder")
    (folder / names[0]).rename(folder / f"other-{names[0]}")
    assert kitctl("datasets", "push", str(folder), "--local").code == 0


def test_links_in_a_circle_are_refused(kitctl: Kitctl, folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "odd_files")
    assert [each["where"] for each in refused.error["problems"]] == ["loop"]


def test_check_names_every_refused_file(kitctl: Kitctl, folder: Path) -> None:
    for number in range(50):
        (folder / f"{number}.jpg").symlink_to("/etc/hostname")
    checked = kitctl("datasets", "check", str(folder), "--json")
    assert checked.code == 3
    refused = [each for each in checked.data["problems"] if each["kind"] == "odd_files"]
    assert len(refused) == 50


def test_a_name_with_a_line_break_is_no_line_of_its_own_in_an_error(
    kitctl: Kitctl, folder: Path
) -> None:
    (folder / "a\nerror: all is lost.txt").write_text("x", "utf-8")
    refused = kitctl("datasets", "push", str(folder), "--local")
    assert refused.code == 3
    assert not [line for line in refused.err.splitlines() if line.startswith("error: all")]


def test_what_only_a_first_version_takes_is_not_ignored_silently(
    kitctl: Kitctl, folder: Path
) -> None:
    kitctl("datasets", "push", str(folder), "--local")
    (folder / "note.txt").write_text("second", "utf-8")
    words = ("datasets", "push", str(folder), "--local", "--title", "Another title", "--json")
    (warning,) = kitctl(*words).data["warnings"]
    assert "--title had no effect" in warning and "/settings" in warning


def test_a_push_with_data_names_the_command_whose_options_help(
    kitctl: Kitctl, local_kaggle: LocalKaggle, folder: Path
) -> None:
    (folder / ".env").write_text("A=1", "utf-8")
    refused = kitctl("push", "--local", "--data", f"small-set={folder}")
    assert (refused.code, local_kaggle.calls("StartBlobUpload")) == (4, 0)
    command = f"kitctl datasets push --local {folder} --id local/small-set"
    assert command in " ".join(refused.err.split())


def test_a_data_set_has_one_folder_in_a_push(kitctl: Kitctl, folder: Path) -> None:
    twice = ("--data", f"small-set={folder}", "--data", f"local/small-set={folder.parent}")
    refused = kitctl("push", "--local", *twice, "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")


def test_a_folder_without_end_is_refused(kitctl: Kitctl, folder: Path) -> None:
    deep = folder
    for _ in range(150):
        deep /= "a"
    deep.mkdir(parents=True)
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "odd_files")


def test_a_link_to_a_file_that_is_left_out_carries_it_nowhere(kitctl: Kitctl, folder: Path) -> None:
    (folder / ".env").write_text("A=1", "utf-8")
    (folder / "plain.txt").symlink_to(".env")
    (folder / "same.txt").symlink_to("note.txt")
    (folder / "private").mkdir()
    (folder / "private" / "diary.txt").write_text("mine", "utf-8")
    (folder / "public.txt").symlink_to("private/diary.txt")
    words = ("--exclude", ".env", "--exclude", "private")
    refused = kitctl("datasets", "push", str(folder), "--local", *words, "--json")
    left = [each["where"] for each in refused.error["problems"]]
    assert left == ["plain.txt", "public.txt"]


def test_a_data_set_that_was_deleted_and_made_anew_is_not_called_unchanged(
    kitctl: Kitctl, local_kaggle: LocalKaggle, folder: Path
) -> None:
    words = ("datasets", "push", str(folder), "--local", "--json")
    kitctl(*words)
    assert kitctl(*words).data["changed"] is False
    where = {"ownerSlug": "local", "datasetSlug": "small-set"}
    local_kaggle.call("datasets.DatasetApiService/DeleteDataset", **where)
    other = folder.parent / "elsewhere"
    other.mkdir()
    (other / "note.txt").write_text("other", "utf-8")
    by_another = ("datasets", "push", str(other), "--id", "local/small-set", "--local")
    with pytest.MonkeyPatch.context() as other_machine:
        home = folder.parent / "other-home"
        home.mkdir()
        (home / "local").symlink_to(local_kaggle.state)
        other_machine.setenv("KITCTL_HOME", str(home))
        assert kitctl(*by_another).code == 0
    again = kitctl(*words).data
    assert (again["version"], again["changed"]) == (2, True)


def test_a_public_data_set_stays_public_and_a_private_one_private_and_both_are_said(
    kitctl: Kitctl, folder: Path
) -> None:
    private = ("datasets", "push", str(folder), "--local")
    public = (*private, "--public", "--license", "CC0-1.0")
    assert kitctl(*private).code == 0
    assert kitctl(*public, "--json").error["code"] == "dataset_private"
    assert kitctl(*public, "--id", "local/public-set").code == 0
    (folder / "note.txt").write_text("second", "utf-8")
    again = kitctl(*private, "--id", "local/public-set")
    assert again.code == 0 and "is public: everybody may read" in again.err
