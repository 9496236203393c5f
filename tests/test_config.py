"""Settings by precedence, and where they come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.users import become_nobody

from kitctl import config
from kitctl.errors import InvalidInput, hint_text


def project(folder: Path, table: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.kitctl]\n{table}\n", "utf-8")
    return folder


def test_option_beats_environment_beats_project_beats_default(tmp_path: Path) -> None:
    folder = project(tmp_path, "photos = 7\nepochs = 7\njobs = 7")
    environ = {"KITCTL_PHOTOS": "8", "KITCTL_EPOCHS": "8", "KITCTL_LOCAL": "1"}
    settings = config.load(folder, {"photos": 9, "epochs": None}, environ)
    assert (settings.photos, settings.epochs, settings.jobs) == (9, 8, 7)
    assert (settings.local, settings.results) == (True, "results")


def test_sources_are_said_once_in_the_project(tmp_path: Path) -> None:
    folder = project(tmp_path, '[tool.kitctl.sources]\n"ada/photos" = "data"')
    assert config.load(folder, {}, {}).sources == {"ada/photos": "data"}


def test_every_unknown_or_wrong_setting_is_told_with_what_was_meant(tmp_path: Path) -> None:
    table = 'photo = 3\nepochs = "two"\njobs = true\nresume_source = "disk"\nsources = "data"'
    folder = project(tmp_path, table)
    with pytest.raises(InvalidInput) as failure:
        config.load(folder, {}, {})
    said = [str(problem) for problem in failure.value.problems]
    assert said[0] == "photo: is no setting of kitctl. Did you mean photos?"
    assert [line.partition(":")[0] for line in said] == [
        "photo",
        "epochs",
        "jobs",
        "resume_source",
        "sources",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [("PHOTOS", "many"), ("LOCAL", "maybe"), ("JOBS", "-1"), ("RESUME_SOURCE", "disk")],
)
def test_a_wrong_environment_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=f"KITCTL_{name} is '{text}'"):
        config.load(None, {}, {f"KITCTL_{name}": text})


def test_a_broken_pyproject_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool", "utf-8")
    with pytest.raises(InvalidInput, match="not valid TOML"):
        config.load(tmp_path, {}, {})


def test_the_users_folder_can_be_moved(tmp_path: Path) -> None:
    assert config.home({"KITCTL_HOME": str(tmp_path)}) == tmp_path
    assert config.home({}).name == "kitctl"


def test_the_project_may_be_named_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "kernel-metadata.json").write_text("{}", "utf-8")
    assert config.find_project(None, Path("/"), {"KITCTL_PROJECT": str(tmp_path)}) == tmp_path


def test_a_user_without_a_home_needs_kitctl_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    become_nobody(monkeypatch)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert config.home({"KITCTL_HOME": str(tmp_path)}) == tmp_path
    for environ in ({}, {"KITCTL_HOME": "~/kitctl"}):
        with pytest.raises(InvalidInput, match="no home folder") as failure:
            config.home(environ)
        assert "KITCTL_HOME" in hint_text(failure.value.hint)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tool = 1", "no table"),
        ("[tool]\nkitctl = [1]", "no table"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "9" * 5000, "not valid TOML"),
        ("#" * 2_000_000, "is longer than"),
    ],
    ids=["no table", "a list", "deep", "digits", "long"],
)
def test_a_pyproject_that_cannot_be_read_is_a_sentence(
    text: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match=sentence):
        config.load(tmp_path, {}, {})


def test_a_pyproject_with_a_byte_order_mark_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.kitctl]\njobs = 3\n", "utf-8-sig")
    assert config.load(tmp_path, {}, {}).jobs == 3
