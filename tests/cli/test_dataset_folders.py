"""Odd folders: what `kitctl datasets` refuses, with a sentence that says what to do."""

from __future__ import annotations

import gzip
import io
import shlex
import subprocess
import sys
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
    [("x.zip", "x.tar"), ("x.zip", "x"), ("x.csv.gz", "x.csv"), ("x.zip", "x/a.txt")],
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


@pytest.fixture
def pulled(kitctl: Kitctl, folder: Path) -> Path:
    kitctl("datasets", "push", str(folder), "--local")
    return folder.parent / "pulled"


def pull(kitctl: Kitctl, out: Path | str) -> tuple[int, str]:
    call = kitctl("datasets", "pull", "small-set", "--local", "--out", str(out), "--json")
    return call.code, call.error["code"] if call.code else ""


@pytest.mark.parametrize("text", ["Second", ""])
def test_a_pulled_folder_in_which_a_file_was_changed_is_not_called_complete(
    kitctl: Kitctl, pulled: Path, text: str
) -> None:
    assert pull(kitctl, pulled) == (0, "")
    assert pull(kitctl, pulled) == (0, "")
    (pulled / "note.txt").write_text(text, "utf-8")
    assert pull(kitctl, pulled) == (3, "folder_in_use")
    (pulled / "note.txt").unlink()
    assert pull(kitctl, pulled) == (3, "folder_in_use")


def test_a_pull_does_not_replace_the_folder_that_one_is_in(
    kitctl: Kitctl, pulled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled.mkdir()
    monkeypatch.chdir(pulled)
    for out in (".", "..", "/"):
        assert pull(kitctl, out) == (2, "usage")
    assert pull(kitctl, "inside") == (0, "")
    assert (pulled / "inside" / "note.txt").is_file()


def test_a_pull_follows_a_link_to_a_folder_and_refuses_what_can_be_none(
    kitctl: Kitctl, pulled: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("other")
    assert pull(kitctl, tmp_path / "link") == (0, "")
    assert (tmp_path / "other" / "note.txt").is_file()
    (tmp_path / "file").write_text("x", "utf-8")
    assert pull(kitctl, tmp_path / "file") == (3, "folder_in_use")
    assert pull(kitctl, tmp_path / "file" / "below") == (3, "folder_in_use")
    (tmp_path / "circle").symlink_to("circle")
    assert pull(kitctl, tmp_path / "circle") == (2, "usage")


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


def test_two_pulls_into_one_folder_bring_it_once(
    kitctl: Kitctl, local_kaggle: LocalKaggle, pulled: Path
) -> None:
    local_kaggle.fault("latency", "download", seconds=1.5, count=None)
    words = ("datasets", "pull", "small-set", "--local", "--out", str(pulled))
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "kitctl", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("already here" in output for output in outputs) == 1
    assert not list(pulled.parent.glob(".pulled*"))


def test_a_folder_pulled_from_elsewhere_is_not_called_the_same(
    kitctl: Kitctl, pulled: Path
) -> None:
    assert pull(kitctl, pulled) == (0, "")
    record = pulled / ".kitctl" / "dataset.json"
    record.write_text(record.read_text("utf-8").replace('"local"', '"kaggle"', 1), "utf-8")
    assert pull(kitctl, pulled) == (3, "folder_in_use")


def test_a_version_that_kaggle_could_not_process_is_not_pulled_as_an_empty_folder(
    kitctl: Kitctl, folder: Path
) -> None:
    (folder / "broken.zip").write_bytes(b"PK\3\4garbage")
    assert kitctl("datasets", "push", str(folder), "--local").code == 5
    assert pull(kitctl, folder.parent / "pulled") == (5, "dataset_failed")
    assert not (folder.parent / "pulled").exists()


def test_there_is_no_version_0(kitctl: Kitctl, pulled: Path) -> None:
    words = ("datasets", "pull", "local/small-set/0", "--local", "--out", str(pulled))
    assert kitctl(*words).code == 2


def test_a_refused_data_set_leaves_nothing(kitctl: Kitctl, folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("dot./a.txt", "x")
    assert kitctl("datasets", "push", str(folder), "--local").code == 0
    assert pull(kitctl, folder.parent / "pulled") == (3, "odd_files")
    assert not list(folder.parent.glob(".pulled*"))


def test_a_folder_without_end_is_refused(kitctl: Kitctl, folder: Path) -> None:
    deep = folder
    for _ in range(150):
        deep /= "a"
    deep.mkdir(parents=True)
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "odd_files")
