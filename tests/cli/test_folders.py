"""Folders as people have them: what `package`, `push --plan` and `push --local` make of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandCall, Kitctl
from support.folders import write_folder
from support.local_kaggle import LocalKaggle


def all_three(kitctl: Kitctl) -> tuple[CommandCall, CommandCall, CommandCall]:
    return (
        kitctl("package", "--json"),
        kitctl("push", "--plan", "--json"),
        kitctl("push", "--local", "--json"),
    )


def warnings_of(kitctl: Kitctl) -> tuple[list[str], Any]:
    """Return the warnings of a folder that all three commands take, and the push's data."""
    package, plan, push = all_three(kitctl)
    assert [package.code, plan.code, push.code] == [0, 0, 0], push.out
    warnings: list[str] = package.data["warnings"]
    assert plan.data["warnings"] == warnings
    return warnings, push.data


def refused(kitctl: Kitctl) -> list[str]:
    """Return the mistakes for which all three commands refuse the folder."""
    calls = all_three(kitctl)
    assert {call.code for call in calls} == {3}
    problems = {json.dumps(call.error["problems"]) for call in calls}
    assert len(problems) == 1
    found = json.loads(problems.pop())
    return [f"{item['where']}: {item['message']} {item['fix']}" for item in found]


def stored(local_kaggle: LocalKaggle, slug: str) -> Any:
    return local_kaggle.call("GetKernel", userName="local", kernelSlug=slug)["metadata"]


def test_a_folder_of_any_owner_runs_as_the_local_account(kitctl: Kitctl, project: Path) -> None:
    write_folder(project)
    warnings, pushed = warnings_of(kitctl)
    assert (warnings, pushed["run"]) == ([], "local/x-y-z/1")
    assert kitctl("wait", "--local").code == 0
    assert kitctl("pull-results", "--local").code == 0
    assert kitctl("logs", "--local", "alice/x-y-z/1").out.endswith("hello\n")
    write_folder(project, id="alice/x-y-z", title="x Y z!")
    assert [run["run"] for run in kitctl("runs", "--local", "--json").data["runs"]] == [
        "local/x-y-z/1"
    ]


def test_a_title_that_does_not_give_the_id_is_one_warning_and_the_run_is_found(
    kitctl: Kitctl, project: Path
) -> None:
    write_folder(project, id="alice/stage-train", title="Model Training Stage (TPU)")
    warnings, pushed = warnings_of(kitctl)
    assert len(warnings) == len(pushed["warnings"]) == 1
    assert "a new kernel would become model-training-stage-tpu" in warnings[0]
    assert "write that id" in pushed["warnings"][0]
    assert pushed["run"] == "local/model-training-stage-tpu/1"
    for words in (("wait",), ("wait", "1"), ("pull-results", "v1"), ("status", "1")):
        shown = kitctl(*words, "--local", "--json").data
        assert shown["run"] == "local/model-training-stage-tpu/1"
    (run,) = kitctl("runs", "--local", "--json").data["runs"]
    assert run["run"] == "local/model-training-stage-tpu/1"


def test_a_title_draws_no_word_where_kaggle_shows_the_kernel(kitctl: Kitctl, project: Path) -> None:
    write_folder(project)
    kitctl("push", "--local", "--follow")
    write_folder(project, title="Quite another title")
    (project / "main.py").write_text("print(2)")
    assert kitctl("push", "--local", "--json").data["warnings"] == []


def test_only_a_new_kernel_needs_a_title(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_folder(project, title=None)
    assert kitctl("package").code == kitctl("push", "--plan").code == 0
    new = kitctl("push", "--local", "--json")
    assert (new.code, [problem["where"] for problem in new.error["problems"]]) == (3, ["title"])
    local_kaggle.push("x-y-z", "print(0)")
    local_kaggle.wait("x-y-z")
    assert warnings_of(kitctl)[1]["run"] == "local/x-y-z/2"


def test_a_number_alone_names_a_kernel_that_exists(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.push("x-y-z", "print(0)")
    local_kaggle.wait("x-y-z")
    number = stored(local_kaggle, "x-y-z")["id"]
    write_folder(project, id=None, id_no=number, title="Title of today")
    assert warnings_of(kitctl)[1]["run"] == "local/x-y-z/2"
    packaged = json.loads((project / "package/kernel-metadata.json").read_text("utf-8"))
    assert packaged["id_no"] == number and "id" not in packaged
    write_folder(project, id=None, id_no=987654)
    new = kitctl("push", "--local", "--json")
    assert (new.code, [problem["where"] for problem in new.error["problems"]]) == (3, ["id_no"])


def test_an_id_with_capitals_names_the_slug_that_results(kitctl: Kitctl, project: Path) -> None:
    write_folder(project, id="alice/YOLOv8_Training", title="YOLOv8 Training")
    warnings, pushed = warnings_of(kitctl)
    assert len(warnings) == 1 and "yolov8-training" in warnings[0]
    assert pushed["run"] == "local/yolov8-training/1"


def test_sources_are_taken_as_people_write_them(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    local_kaggle.push("other", "print(0)", title="Other")
    (tmp_path / "files").mkdir()
    folders = dict.fromkeys(("me/photos", "competitions/titanic"), str(tmp_path / "files"))
    local_kaggle.admin("sources", sources=folders)
    write_folder(
        project,
        competition_sources=["c/titanic"],
        dataset_sources=["datasets/me/photos", ""],
        kernel_sources=["code/me/other"],
    )
    warnings, _ = warnings_of(kitctl)
    assert len(warnings) == 4
    attached = stored(local_kaggle, "x-y-z")
    assert attached["competitionDataSources"] == ["titanic"]
    assert attached["datasetDataSources"] == ["me/photos"]
    assert attached["kernelDataSources"] == ["me/other"]


@pytest.mark.parametrize("key", ["//", "gpu_type"])
def test_keys_that_kaggle_ignores_are_a_warning(kitctl: Kitctl, project: Path, key: str) -> None:
    write_folder(project, **{key: "T4"})
    (warning,), _ = warnings_of(kitctl)
    names_machines = "machine_shape" in warning and "NvidiaTeslaT4" in warning
    assert names_machines == (not key.startswith(("_", "/")))


def test_an_old_name_of_a_machine_means_what_it_is_today(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_folder(project, machine_shape="Gpu", enable_gpu=True)
    warnings, pushed = warnings_of(kitctl)
    assert ["NvidiaTeslaT4" in warning for warning in warnings] == [True]
    assert pushed["accelerator"] == stored(local_kaggle, "x-y-z")["machineShape"] == "NvidiaTeslaT4"
    write_folder(project, machine_shape="None")
    assert kitctl("push", "--plan", "--json").data["accelerator"] == "cpu"


def test_a_machine_that_does_not_exist_is_refused_with_all_names(
    kitctl: Kitctl, project: Path
) -> None:
    write_folder(project, machine_shape="v100")
    (problem,) = refused(kitctl)
    assert "machine_shape" in problem and "t4x2" in problem and "NvidiaH100" in problem
    write_folder(project)
    for where in ("--local", "--plan"):
        asked = kitctl("push", where, "--json", "--accelerator", "v100")
        assert (asked.code, asked.error["code"]) == (2, "bad_accelerator")
        assert "t4x2" in asked.error["hint"] and "NvidiaH100" in asked.error["hint"]


def test_a_path_has_one_spelling(kitctl: Kitctl, project: Path) -> None:
    write_folder(project)
    plain = kitctl("push", "--plan", "--json").data
    write_folder(project, code_file="./main.py")
    dotted = kitctl("push", "--plan", "--json").data
    assert dotted["script_sha256"] == plain["script_sha256"] and not dotted["warnings"]


@pytest.mark.parametrize(
    ("named", "meant"),
    [("Main.py", "main.py"), ("mian.py", "main.py"), ("src\\main.py", "main.py")],
)
def test_a_file_that_is_spelt_otherwise_is_suggested(
    kitctl: Kitctl, project: Path, named: str, meant: str
) -> None:
    write_folder(project, code_file=named)
    (problem,) = refused(kitctl)
    assert problem.endswith(f"Did you mean {meant}?")


def test_code_outside_the_folder_is_a_warning(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    (project.parent / "shared").mkdir()
    (project.parent / "shared/t.py").write_text("print('shared')")
    write_folder(project, code_file="../shared/t.py")
    warnings, pushed = warnings_of(kitctl)
    assert ["outside" in warning for warning in warnings] == [True]
    assert kitctl("logs", "--local", "-f", "1").out.endswith("shared\n"), pushed
    assert (project / "package/t.py").read_text() == "print('shared')"


def test_a_title_with_an_apostrophe_has_the_address_that_kaggle_makes(
    kitctl: Kitctl, project: Path
) -> None:
    write_folder(project, id="alice/a-solution-to-watson-s-x", title="A Solution to Watson's X")
    warnings, pushed = warnings_of(kitctl)
    assert not warnings and not pushed["warnings"]
    assert pushed["run"] == "local/a-solution-to-watson-s-x/1"


def test_a_key_that_stands_twice_is_refused(kitctl: Kitctl, project: Path) -> None:
    write_folder(project)
    path = project / "kernel-metadata.json"
    path.write_text(path.read_text().replace("{", '{"is_private": true, "is_private": false, '))
    for call in all_three(kitctl):
        assert (call.code, "'is_private' twice" in call.error["message"]) == (3, True)


@pytest.mark.parametrize(
    ("name", "encoding"), [("kernel-metadata.json", "gbk"), ("main.py", "utf-16")]
)
def test_a_file_in_another_encoding_is_one_sentence(
    kitctl: Kitctl, project: Path, name: str, encoding: str
) -> None:
    write_folder(project, title="笔记本 x y z", **{"//": "笔记本"})
    (project / "main.py").write_text("print('笔记本')", "utf-8")
    text = (project / name).read_text("utf-8")
    if name == "kernel-metadata.json":
        text = json.dumps(json.loads(text), ensure_ascii=False)
    (project / name).write_bytes(text.encode(encoding))
    for words in (
        *(("package",), ("push", "--plan"), ("push", "--local"), ("dry-run",), ("settings",)),
        *(("doctor", "--local"), ("quota", "--local"), ("runs", "--local"), ("status", "--local")),
    ):
        call = kitctl(*words, "--json")
        assert call.code in (0, 3), words
        if not call.code:
            continue
        assert call.error["code"] != "bug"
        if words[0] in ("package", "push", "dry-run"):
            assert "UTF-8" in json.dumps(call.error), words


def test_an_r_script_is_taken_and_the_local_kaggle_says_that_it_does_not_run_it(
    kitctl: Kitctl, project: Path
) -> None:
    write_folder(project, code_file="main.R", language="r")
    (project / "main.R").write_text("cat('hello')\n")
    assert warnings_of(kitctl)[0] == []
    dry = kitctl("dry-run", "--json")
    assert (dry.code, dry.error["code"]) == (3, "not_runnable")
    assert "Python" in dry.error["message"]
    waited = kitctl("wait", "--local", "--json")
    assert waited.code == 6 and "Python only" in waited.error["message"]
