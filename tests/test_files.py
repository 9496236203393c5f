"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kitctl.errors import InvalidInput
from kitctl.files import read_settings_text, replace_file, replace_users_file


def test_a_new_file_takes_the_place_of_the_old_one_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    path.parent.mkdir()
    path.write_text("old", "utf-8")
    with replace_file(path) as part:
        assert part.suffix == ".csv"
        part.write_text("new", "utf-8")
        assert path.read_text("utf-8") == "old"
    assert path.read_text("utf-8") == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path, parts = tmp_path / "table.csv", tmp_path / "parts"
    path.write_text("old", "utf-8")
    parts.mkdir()
    with pytest.raises(RuntimeError), replace_file(path, parts) as part:
        assert part.parent == parts
        part.write_text("half", "utf-8")
        raise RuntimeError
    assert path.read_text("utf-8") == "old"
    assert list(parts.iterdir()) == []


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with replace_file(tmp_path / "written"):
        pass
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput) as caught, replace_users_file(tmp_path / "file" / "table.csv"):
        pass
    assert (caught.value.code, str(tmp_path / "file") in caught.value.message) == (
        "unwritable",
        True,
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    pipe, device, folder = tmp_path / "pipe", tmp_path / "device", tmp_path / "folder"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    folder.mkdir()
    for path in (pipe, device, folder):
        with pytest.raises(InvalidInput, match="is no regular file"):
            read_settings_text(path)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text("title = 'x'", "utf-16")
    with pytest.raises(InvalidInput, match="not written in UTF-8"):
        read_settings_text(tmp_path / "job.toml")
