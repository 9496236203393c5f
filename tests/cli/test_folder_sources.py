"""The inputs of a folder: checked before a push, and stood in for by folders of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.folders import write_folder
from support.local_kaggle import LocalKaggle


def test_a_competition_that_nobody_joined_is_refused_before_anything_runs(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_folder(project, competition_sources=["titanic"])
    assert kitctl("package").code == kitctl("push", "--plan").code == 0
    pushed = kitctl("push", "--local", "--json")
    assert (pushed.code, pushed.error["code"]) == (4, "source_missing")
    assert "titanic" in pushed.error["problems"][0]["where"]
    assert local_kaggle.calls("SaveKernel") == 0


def test_a_competition_of_which_kaggle_says_nothing_is_said_to_be_unchecked(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_folder(project, competition_sources=["titanic"], model_sources=["a/b/c/d/1"])
    for method in ("GetCompetition", "GetModel"):
        local_kaggle.fault("status", method, status=403, count=5)
    warnings = kitctl("push", "--local", "--json").data["warnings"]
    assert sum("not checked" in warning for warning in warnings) == 2


STAND_INS = {
    "titanic": ("competition_sources", ("titanic", "competitions/titanic")),
    "me/features": ("kernel_sources", ("features", "notebooks/me/features")),
    "google/gemma/pyTorch/2b/1": ("model_sources", ("models/google/gemma/pyTorch/2b/1",)),
    "me/photos": ("dataset_sources", ("photos", "datasets/me/photos")),
}


@pytest.mark.parametrize("source", STAND_INS)
def test_a_folder_stands_for_a_source_of_any_kind_in_dry_run_and_at_the_local_kaggle(
    kitctl: Kitctl, project: Path, source: str
) -> None:
    key, places = STAND_INS[source]
    write_folder(project, **{key: [source]})
    (project / "data").mkdir()
    (project / "data/train.csv").write_text("42")
    (project / "pyproject.toml").write_text(f'[tool.kitctl.sources]\n"{source}" = "data"\n')
    read = "".join(f"print(open('../input/{place}/train.csv').read())\n" for place in places)
    (project / "main.py").write_text(f"{read}open('done.txt', 'w').close()")
    rehearsed = kitctl("dry-run")
    assert rehearsed.code == 0, rehearsed.err
    pushed = kitctl("push", "--local", "--follow", "--json")
    assert pushed.code == 0, pushed.out
    assert not pushed.data["warnings"]


def test_a_data_set_that_is_at_the_local_kaggle_is_not_missing(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.txt").write_text("42")
    local_kaggle.admin("sources", sources={"local/photos": str(tmp_path / "photos")})
    write_folder(project, dataset_sources=["alice/photos"])
    (project / "main.py").write_text("print(open('../input/datasets/alice/photos/a.txt').read())")
    pushed = kitctl("push", "--local", "--follow")
    assert (pushed.code, "42" in pushed.out) == (0, True), pushed.err
    assert "stands for" not in pushed.err
