"""`kitctl init`: a project from a file of one's own, or from a template that runs as it is."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Kitctl
from support.local_kaggle import LocalKaggle
from support.notebooks import notebook
from support.projects import write_files
from support.source_files import PROJECT

TEMPLATES = ["course", "keras", "notebook", "pytorch", "sklearn"]

TORCH = "import argparse\nimport torch\nargparse.ArgumentParser().add_argument('--lr')\n"
LIGHTNING = "import lightning as L\nclass Net(L.LightningModule):\n    pass\n"
SKLEARN = "from sklearn.svm import SVC\nSVC()\n"
LIGHTGBM = "import lightgbm as lgb\nlgb.LGBMClassifier()\n"
KERAS = "import keras\nkeras.Sequential()\n"
COMPETITION = (
    "import pandas as pd\n"
    "test = pd.read_csv('/kaggle/input/titanic/test.csv')\n"
    "test.to_csv('submission.csv')\n"
)
PLOTS = notebook("import matplotlib.pyplot as plt", "plt.plot([1, 2])")
PIP = notebook("!pip install -q einops", "import torch")
GPU, CPU = "NvidiaTeslaT4", ""
KINDS: dict[str, tuple[dict[str, str], str, bool]] = {
    # kind → files, the first is adopted; machine; internet
    "PyTorch with argparse": ({"train.py": TORCH}, GPU, False),
    "Lightning": ({"fit_net.py": LIGHTNING}, GPU, False),
    "sklearn": ({"svm.py": SKLEARN}, CPU, False),
    "LightGBM": ({"boost.py": LIGHTGBM}, CPU, False),
    "Keras": ({"My Model (1).py": KERAS}, GPU, False),
    "notebook with plots": ({"Untitled.ipynb": PLOTS}, CPU, False),
    "notebook with pip": ({"install.ipynb": PIP}, GPU, True),
    "two files": ({"train.py": "import helper\n", "helper.py": "import torch\n"}, CPU, False),
    "package": (
        {"pkg/train.py": "from .net import Net\n", "pkg/__init__.py": "", "pkg/net.py": "Net = 1"},
        CPU,
        False,
    ),
    "competition": ({"submit.py": COMPETITION}, CPU, False),
}


def write(folder: Path, files: dict[str, str]) -> str:
    """Write the files into a new folder; return the path of the first."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return str(folder / next(iter(files)))


def metadata(folder: Path) -> Any:
    return json.loads((folder / "kernel-metadata.json").read_text("utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_package_takes_what_init_makes_of_a_file(kind: str, kitctl: Kitctl, tmp_path: Path) -> None:
    files, machine, internet = KINDS[kind]
    folder = tmp_path / "somebodys work"
    started = kitctl("init", "--from", write(folder, files), "--json").data
    assert Path(started["project"]) == folder
    assert {name: (folder / name).read_text("utf-8") for name in files} == files
    values = metadata(folder)
    assert values["machine_shape"] == machine
    assert values["enable_internet"] == str(internet).lower()
    assert len(values["title"]) >= 5
    assert kitctl("package", "--project", str(folder), "--json").code == 0


def test_a_competition_becomes_a_source(kitctl: Kitctl, tmp_path: Path) -> None:
    folder = tmp_path / "titanic"
    assert kitctl("init", "--from", write(folder, {"submit.py": COMPETITION})).code == 0
    assert metadata(folder)["competition_sources"] == ["titanic"]


def test_a_package_with_relative_imports_is_packed_as_a_whole(
    kitctl: Kitctl, tmp_path: Path
) -> None:
    files, _, _ = KINDS["package"]
    started = kitctl("init", "--from", write(tmp_path / "work", files), "--json").data
    assert started["created"] == ["kernel-metadata.json", "pkg/job.toml"]
    packed = kitctl("package", "--project", str(tmp_path / "work"), "--json").data
    assert packed["modules"] == ["pkg/__init__.py", "pkg/net.py", "pkg/train.py"]


@pytest.mark.parametrize(
    "words", [("--from", "train.py"), ("--template", "sklearn"), ("--template", "course")]
)
def test_nothing_is_overwritten(words: tuple[str, ...], kitctl: Kitctl, project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    refused = kitctl("init", *words, "--json")
    assert (refused.code, refused.error["code"]) == (3, "exists")
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ((), 2, "--from FILE or --template NAME"),
        (("--from", "train.py", "--template", "keras"), 2, "one of them"),
        (("--template", "fortran"), 2, "fortran"),
        (("--from", "trian.py"), 3, "train.py?"),
        (("--from", "."), 3, "is a folder"),
        (("--from", "kernel-metadata.json"), 3, "no code"),
        (("elsewhere", "--from", "train.py"), 3, "is not in"),
        (("elsewhere", "--template", "sklearn", "--title", "abc"), 3, "at least 5"),
    ],
)
def test_a_wrong_start_is_refused_with_what_to_do(
    words: tuple[str, ...], code: int, reason: str, kitctl: Kitctl, project: Path
) -> None:
    refused = kitctl("init", *words)
    assert refused.code == code
    assert reason in refused.err
    assert not (project / "elsewhere").exists()


def test_a_link_that_leads_nowhere_is_not_written_through(kitctl: Kitctl, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "kernel-metadata.json").symlink_to(tmp_path / "elsewhere.json")
    refused = kitctl("init", str(folder), "--template", "sklearn", "--json")
    assert (refused.code, refused.error["code"]) == (3, "exists")
    assert [path.name for path in folder.iterdir()] == ["kernel-metadata.json"]
    assert not (tmp_path / "elsewhere.json").exists()


def test_title_and_machine_can_be_named(kitctl: Kitctl, project: Path) -> None:
    words = ("--title", "Digits, read", "--accelerator", "t4x2")
    assert kitctl("init", "new", "--template", "sklearn", *words).code == 0
    values = metadata(project / "new")
    assert (values["id"], values["title"]) == ("digits-read", "Digits, read")
    assert values["machine_shape"] == "NvidiaTeslaT4"


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name != "course"])
def test_a_template_is_read_at_a_glance(template: str) -> None:
    (file,) = (PROJECT / "templates" / template).iterdir()
    assert len(file.read_text("utf-8").splitlines()) < 60


def test_the_course_is_the_job_that_comes_with_kitctl(
    kitctl: Kitctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = str(tmp_path / "course")
    assert kitctl("init", course, "--template", "course").code == 0
    copied = kitctl("package", "--project", course, "--json").data
    original = kitctl(
        "package", "--project", str(PROJECT), "--out", str(tmp_path / "out"), "--json"
    ).data
    assert copied["script_sha256"] == original["script_sha256"]
    assert (tmp_path / "course/datasets/car-or-truck-sample/recipe.py").is_file()


def test_the_wheel_carries_all_that_init_writes(kitctl: Kitctl, tmp_path: Path) -> None:
    wheel = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    carried = wheel["build"]["targets"]["wheel"]["force-include"]
    assert carried["templates"] == "kitctl/shipped/templates"
    created = kitctl("init", str(tmp_path), "--template", "course", "--json").data["created"]
    for name in set(created) - {"pyproject.toml"}:
        source = next((place for place in carried if Path(name).is_relative_to(place)), None)
        assert source, f"{name}: pyproject.toml puts it into no wheel"
        assert carried[source] == f"kitctl/shipped/{source}"


# README.md and docs/notebook.md run the others: tests/documents.
@pytest.mark.parametrize("template", ["keras", "pytorch"])
def test_a_template_runs_on_the_local_kaggle_as_it_is(
    template: str, kitctl: Kitctl, tmp_path: Path, local_kaggle: LocalKaggle
) -> None:
    if template == "pytorch" and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    folder = tmp_path / f"first-{template}"
    assert kitctl("init", str(folder), "--template", template).code == 0
    here = ("--project", str(folder))
    pushed = kitctl("push", "--local", "--follow", *here)
    assert pushed.code == 0, pushed.err
    pulled = kitctl("pull-results", "--local", *here, "--json").data
    assert pulled["metrics"]


def test_two_scripts_of_one_name_do_not_become_one_job(
    kitctl: Kitctl, tmp_path: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for name in ("cats", "dogs"):
        write_files(tmp_path, {f"{name}/train.py": f"print('{name}')\n"})
        monkeypatch.chdir(tmp_path / name)
        ids.append(kitctl("init", "--from", "train.py", "--json").data["id"])
        assert kitctl("push", "--local", "--follow").code == 0
    assert ids == ["train", "dogs-train"]
