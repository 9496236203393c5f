"""Hints repeat the options that the user gave: typing them does the same job."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import METADATA, Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.projects import packed_job


def test_the_same_command_gets_all_of_its_options(kitctl: Kitctl, project: Path) -> None:
    packed_job(project, **METADATA | {"code_file": "job/main.py"})
    push = ("push", "--local", "--set", "epochs=3", "--name", "my run", "--env", "A=b c")
    assert kitctl(*push).code == 0
    kitctl("wait", "--local")
    refused = kitctl(*push, "--json")
    assert refused.error["code"] == "same_script"
    typed = "kitctl push --local --set epochs=3 --env 'A=b c' --name 'my run' --again"
    assert typed in refused.error["hint"]


def test_another_command_gets_those_that_say_what_the_job_is(kitctl: Kitctl, project: Path) -> None:
    packed_job(project, **METADATA | {"code_file": "job/main.py"})
    rehearsed = kitctl("dry-run", "--set", "epochs=3", "--epochs", "1")
    assert "kitctl push --set epochs=3 --local --follow" in rehearsed.err
    assert "an account: kitctl push --set epochs=3)" in rehearsed.err
    packaged = kitctl("package", "--set", "epochs=3", "--out", "elsewhere")
    assert "(or: kitctl push --set epochs=3)" in packaged.err


def test_the_arguments_of_the_script_stand_at_the_end(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, "import sys; print(sys.argv)", competition_sources=["titanic"])
    refused = kitctl("push", "--local", "--json", "--", "--lr", "0.1", "a -- b")
    typed = "kitctl push --local --force -- --lr 0.1 'a -- b')"
    assert refused.error["hint"].endswith(typed)


@pytest.mark.parametrize("own", ["", "ada/"])
def test_a_folder_for_a_source_of_a_dry_run_stands_for_it_at_the_local_kaggle_too(
    kitctl: Kitctl, project: Path, own: str
) -> None:
    (project / "photos").mkdir()
    (project / "photos/a.txt").write_text("42")
    script = "print(open('../input/photos/a.txt').read(), file=open('b.txt', 'w'))"
    write_script(project, script, dataset_sources=["ada/photos"])
    data = f"{own}photos=photos"
    rehearsed = kitctl("dry-run", "--data", data)
    assert f"kitctl push --data {data} --local --follow" in rehearsed.err
    # At kaggle.com the data set itself is attached.
    assert "an account: kitctl push)" in rehearsed.err
    assert kitctl("push", "--data", data, "--local", "--follow").code == 0


def test_a_run_that_was_named_whole_is_named_whole_in_hints(
    kitctl: Kitctl, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_script(project, "raise SystemExit(3)")
    assert "kitctl logs --local -f 1 | " in kitctl("push", "--local").err
    assert "kitctl pull-results --local 1 " in kitctl("wait", "--local").err
    monkeypatch.chdir(tmp_path)
    failed = kitctl("wait", "--local", "local/small-job/1", "--json")
    assert "kitctl pull-results --local local/small-job/1 " in failed.error["hint"]


def test_a_hint_leaves_out_what_would_do_the_same_once_more(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print(1)")
    planned = kitctl("push", "--plan", "--timeout", "2h", "--name", "a b")
    assert "next: kitctl push --timeout 2h --name 'a b'   (sends it)" in planned.err
    saved = kitctl("push", "--no-run", "--local", "--message", "first")
    assert "next: kitctl push --local --message first   (runs it)" in saved.err
