"""`kitctl pull-results --shards`: what all shards of a group left, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle

from kitctl.domain.runs.shards import Shard

# Leaves a file of its own, a table of the same header, one of another, and a file of the same name.
LEAVE = """
import os
number, count = map(int, os.environ["KITCTL_SHARD"].split("/"))
rows = "".join(f"{row},{row * row}\\n" for row in range(4)[number - 1 :: count])
open(f"part-{number}.txt", "w").write(f"part {number}")
open("squares.csv", "w").write("n,square\\n" + rows.rstrip("\\n" * (number == 1)))
open("odd.csv", "w").write(f"{number}\\n1\\n")
open("notes.txt", "w").write(f"of {number}")
"""
PUSH = ("push", "--local", "--json", "--shards", "2")
PULL = ("pull-results", "--local", "--json", "--shards")


def places(data: Any) -> dict[str, str]:
    """Return where each file is that was put into the folder of the group."""
    return {file["path"]: file["place"] for file in data["files"]}


def test_the_files_of_all_shards_stand_beside_each_other_joined_or_apart(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, LEAVE)
    assert kitctl(*PUSH).code == 0
    pulled = kitctl(*PULL).data
    assert pulled["complete"] == 2
    assert not pulled["verified"], "without a manifest nothing was checked"
    out = Path(pulled["out"])
    assert out.parent == project / "results" / "small-job"
    assert (out / "squares.csv").read_text() == "n,square\n0,0\n2,4\n1,1\n3,9\n"
    assert (out / "part-2.txt").read_text() == "part 2"
    assert (out / "shard-2" / "notes.txt").read_text() == "of 2"
    assert places(pulled) == {
        "part-1.txt": "beside",
        "part-2.txt": "beside",
        "squares.csv": "joined",
        **{f"shard-{n}/{name}": "apart" for n in (1, 2) for name in ("notes.txt", "odd.csv")},
        **{f"shard-{n}/log.txt": "apart" for n in (1, 2)},
    }


def test_nothing_in_the_folder_is_written_over_and_a_second_pull_changes_nothing(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, LEAVE)
    assert kitctl(*PUSH).code == 0
    out = project / "joined"
    (out / "shard-1").mkdir(parents=True)
    (out / "squares.csv").write_text("mine", "utf-8")
    (out / "shard-1" / "notes.txt").write_text("mine too", "utf-8")
    first = kitctl(*PULL, "--out", str(out)).data
    (moved,) = first["moved"]
    assert (Path(moved["to"]) / "squares.csv").read_text() == "mine"
    assert (Path(moved["to"]) / "shard-1" / "notes.txt").read_text() == "mine too"
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if path.is_file()}
    again = kitctl(*PULL, "--out", str(out)).data
    assert (again["files"], again["moved"]) == (first["files"], [])
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_of_a_shard_that_failed_nothing_is_joined_until_it_ran_again(
    kitctl: Kitctl, project: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    settings = f'[tool.kitctl.sources]\n"ada/state" = "{state}"\n'
    (project / "pyproject.toml").write_text(settings, "utf-8")
    fail = 'import glob, time\ntime.sleep(number == 2)\nok = glob.glob("/kaggle/input/**/ok", '
    code = f"{LEAVE}\n{fail}recursive=True)\nassert number == 1 or ok, 'not yet'"
    write_script(project, code, dataset_sources=["ada/state"])
    assert kitctl(*PUSH).code == 6
    call = kitctl(*PULL)
    assert (call.code, call.error["code"]) == (6, "shards_failed")
    (out,) = (project / "results" / "small-job").glob("shards-*")
    assert (out / "squares.csv").read_text() == "n,square\n0,0\n2,4"
    assert (out / "shard-2" / "squares.csv").is_file()
    (state / "ok").write_text("", "utf-8")
    assert kitctl(*PUSH, "--again").code == 0
    assert kitctl(*PULL).data["complete"] == 2
    assert (out / "squares.csv").read_text() == "n,square\n0,0\n2,4\n1,1\n3,9\n"
    assert len(list(out.parent.glob(f"{out.name}.*"))) == 1, "the older files moved aside"


def test_shards_under_way_are_refused_or_waited_for(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_script(project, f"{LEAVE}\nimport time\ntime.sleep(2)")

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kitctl.operations.sending.run_shards.read_status", interrupt)
        assert kitctl(*PUSH).code == 130
    assert kitctl(*PULL).error["code"] == "run_under_way"
    assert kitctl(*PULL, "--wait").data["complete"] == 2


def test_a_group_that_was_not_pushed_whole_is_refused(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{LEAVE}\nraise SystemExit(1)", enable_gpu="true")
    assert kitctl("push", "--local", "--shards", "3", "--timeout", "1h").code == 6
    call = kitctl(*PULL)
    assert (call.code, call.error["code"]) == (4, "shards_missing")
    assert not (project / "results").exists()


def test_only_some_files_are_pulled_and_a_run_that_is_no_shard_is_named(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, LEAVE)
    assert kitctl(*PUSH).code == 0
    pulled = kitctl(*PULL, "--only", "part-1*").data
    assert [path for path in places(pulled) if not path.endswith("log.txt")] == ["part-1.txt"]
    assert pulled["complete"] == 2
    assert kitctl(*PULL, "--only", "*.png").error["code"] == "no_match"
    write_script(project, "print('alone')")
    assert kitctl("push", "--local", "--follow").code == 0
    assert kitctl(*PULL).error["code"] == "no_shard"
    assert kitctl(*PULL, "1").data["complete"] == 2


def seed_shards(server: LocalKaggle, *files: list[dict[str, str]], manifest: bool) -> None:
    """Add a group's finished runs, which this machine has not pushed, with these files."""
    for number, own in enumerate(files, 1):
        variables = Shard("0" * 16, number, len(files)).variables
        server.seed("sharded", source=f"{variables!r}", files=own, manifest=manifest)


def test_shards_of_another_machine_are_verified_by_their_manifests(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    table = {"name": "rows.csv", "text": "n\n1\n"}
    seed_shards(local_kaggle, [table], [table], [table], manifest=True)
    pulled = kitctl(*PULL, "local/sharded").data
    assert pulled["verified"]
    assert Path(pulled["out"], "rows.csv").read_text("utf-8") == "n\n1\n1\n1\n"
    assert Path(pulled["out"], "shard-2", "manifest.json").is_file()


def test_no_name_that_a_shard_chooses_leads_out_of_its_own_place(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    names = ["../out.txt", "shard-2/log.txt", "SHARD-2/a.csv", ".kitctl/run", "a", "rows.csv/x"]
    hostile = [{"name": name, "text": "of the first"} for name in names]
    usual = [{"name": name, "text": "n\n1\n"} for name in ("a/b", "rows.csv")]
    seed_shards(local_kaggle, hostile, usual, manifest=False)
    out = tmp_path / "joined"
    call = kitctl(*PULL, "local/sharded", "--out", str(out))
    assert (call.code, call.error["code"]) == (5, "files_refused")
    assert not (tmp_path / "out.txt").exists()
    assert (out / "shard-2" / "log.txt").read_text("utf-8") != "of the first"
    of_first = {str(path.relative_to(out)) for path in out.rglob("*") if has(path, "of the first")}
    assert of_first == {f"shard-1/{name}" for name in names if name[0] != "."}
    assert (out / "a" / "b").read_text("utf-8") == "n\n1\n"


def has(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def test_the_folder_of_one_shard_is_not_written_over(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    seed_shards(local_kaggle, [{"name": "a", "text": "1"}], [], manifest=True)
    own = project / "results" / "sharded" / "v1"
    assert kitctl(*PULL, "local/sharded", "--out", str(own)).code == 2
    assert (own / "a").read_text("utf-8") == "1"
