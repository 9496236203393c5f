"""Which modules of a project its code imports, seen without running it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import write_files

from kitctl.packing.own_modules import MainCode, OwnModules, find_own_modules, main_package


def find(
    folder: Path, script: str, files: dict[str, str], code: tuple[str, ...] = ()
) -> OwnModules:
    write_files(folder, {"train.py": script, **files})
    return find_own_modules(folder, MainCode(folder / "train.py", [script]), code)


def names_of(found: OwnModules, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found.modules]


@pytest.mark.parametrize(
    ("script", "files", "expected"),
    [
        ("import helper", {"helper.py": "", "other.py": ""}, ["helper.py"]),
        ("import numpy, os, helper_that_is_missing", {"other.py": ""}, []),
        (
            "from pkg.models import Net",
            {"pkg/__init__.py": "", "pkg/models.py": "from . import parts", "pkg/parts.py": ""},
            ["pkg/__init__.py", "pkg/models.py", "pkg/parts.py"],
        ),
        (
            "from pkg import models",
            {"pkg/__init__.py": "", "pkg/models.py": "from ..up import x", "up.py": ""},
            ["pkg/__init__.py", "pkg/models.py"],
        ),
        (
            "import pkg.deep.leaf as leaf",
            {"pkg/__init__.py": "", "pkg/deep/__init__.py": "", "pkg/deep/leaf.py": ""},
            ["pkg/__init__.py", "pkg/deep/__init__.py", "pkg/deep/leaf.py"],
        ),
        ("import space.leaf", {"space/leaf.py": "", "space/other.py": ""}, ["space/leaf.py"]),
        ("import a", {"a.py": "import b", "b.py": "import a"}, ["a.py", "b.py"]),
        (
            "import typing\nif typing.TYPE_CHECKING:\n    import a\nelse:\n    import b",
            {"a.py": "", "b.py": ""},
            ["b.py"],
        ),
        ("def f():\n    try:\n        import late\n    except ImportError: ...", {"late.py": ""},
         ["late.py"]),
        (
            "from pkg import *",
            {"pkg/__init__.py": "__all__ = ['x']", "pkg/x.py": "", "pkg/y.py": ""},
            ["pkg/__init__.py", "pkg/x.py"],
        ),
        ("import importlib\nimportlib.import_module('named')", {"named.py": ""}, ["named.py"]),
        (
            "import importlib\nimportlib.import_module(f'nets.{name}')",
            {"nets/__init__.py": "", "nets/a.py": "", "nets/b.py": "", "rest.py": ""},
            ["nets/__init__.py", "nets/a.py", "nets/b.py"],
        ),
        ("import inside", {"src/inside/__init__.py": ""}, ["src/inside/__init__.py"]),
        (
            "import sys\nsys.path.append('lib')\nimport far",
            {"lib/far.py": ""},
            ["lib/far.py"],
        ),
        (
            "import sys, os\nHERE = os.path.dirname(__file__)\n"
            "sys.path.insert(0, os.path.join(HERE, 'lib', 'deep'))\nimport far",
            {"lib/deep/far.py": ""},
            ["lib/deep/far.py"],
        ),
        (
            "import sys\nsys.path.append(str(Path(__file__).resolve().parent / 'lib'))\nimport far",
            {"lib/far.py": ""},
            ["lib/far.py"],
        ),
        (
            "import runpy\nrunpy.run_module('app')",
            {"app/__init__.py": "", "app/__main__.py": "from app import core", "app/core.py": ""},
            ["app/__init__.py", "app/__main__.py", "app/core.py"],
        ),
        ("import time, sys, os", {"time.py": "", "sys.py": "", "os.py": ""}, []),
        ("import Helper", {"helper.py": ""}, []),
        ("from data import x", {"data/photo.txt": ""}, []),
    ],
)  # fmt: skip
def test_imports_are_found_as_python_would_find_them(
    tmp_path: Path, script: str, files: dict[str, str], expected: list[str]
) -> None:
    found = find(tmp_path, script, files)
    assert names_of(found, tmp_path) == expected
    assert not found.problems


def test_folders_that_the_project_names_go_along_whole(tmp_path: Path) -> None:
    files = {
        "src/mypkg/__init__.py": "",
        "src/mypkg/never_imported.py": "",
        "src/.hidden/x.py": "",
        "tools/__init__.py": "",
        "tools/a.py": "",
        "loose.py": "",
        "random.py": "",
    }
    found = find(tmp_path, "from mypkg import x", files, ("src", "tools", "loose.py"))
    assert names_of(found, tmp_path) == [
        "loose.py",
        "src/mypkg/__init__.py",
        "src/mypkg/never_imported.py",
        "tools/__init__.py",
        "tools/a.py",
    ]
    assert found.roots == [tmp_path, tmp_path / "src"]


def test_a_folder_of_code_that_is_missing_or_outside_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "project").mkdir()
    found = find(tmp_path / "project", "", {}, ("absent", "../outside"))
    assert [problem.message for problem in found.problems] == [
        "names absent, which does not exist.",
        "names ../outside, which leads out of it.",
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "open('conf/a.yaml')",
        "(Path(__file__).parent / 'conf' / 'a.yaml').read_text()",
        "open(Path(__file__).resolve().parent / 'conf/a.yaml')",
        "Path('conf', 'a.yaml').open()",
        "open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'conf', 'a.yaml'))",
        "HERE.joinpath('conf', 'a.yaml').read_bytes()",
    ],
)
def test_a_file_that_the_code_reads_is_seen_however_its_path_is_written(
    tmp_path: Path, expression: str
) -> None:
    files = {"conf/a.yaml": "lr: 1", "out.txt": ""}
    written = "Path('out.txt').open('w')\nopen(Path('out.txt'), mode='a')\n"
    found = find(tmp_path, f"{written}{expression}", files)
    assert found.reads == [tmp_path / "conf/a.yaml"]


def test_a_module_that_is_a_link_out_of_the_project_is_sent_with_a_warning(tmp_path: Path) -> None:
    write_files(tmp_path, {"elsewhere.py": "", "project/train.py": ""})
    (tmp_path / "project/linked.py").symlink_to(tmp_path / "elsewhere.py")
    found = find(tmp_path / "project", "import linked", {})
    assert names_of(found, tmp_path / "project") == ["linked.py"]
    assert not found.problems
    (warning,) = found.warnings
    assert f"linked.py leads to {tmp_path / 'elsewhere.py'}, outside" in warning


def test_a_module_with_the_name_of_another_is_taken_with_a_warning(tmp_path: Path) -> None:
    script = "import queue\nfrom datasets import load"
    found = find(tmp_path, script, {"queue.py": "", "datasets/__init__.py": "def load(): ..."})
    assert found.names == {"queue", "datasets"}
    first, second = found.warnings
    assert first.startswith("datasets/__init__.py has the name of a package of Kaggle's image")
    assert second.startswith("queue.py has the name of a module of Python's own")


def test_an_import_by_a_computed_name_is_mentioned_where_modules_are_left(tmp_path: Path) -> None:
    script = "import importlib\nname = input()\nimportlib.import_module(name)\n"
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    assert not find(alone, script, {}).warnings
    (warning,) = find(beside, script, {"plugin.py": ""}).warnings
    assert "train.py, line 3" in warning and "`code`" in warning


def test_a_module_that_is_no_python_is_a_problem(tmp_path: Path) -> None:
    (problem,) = find(tmp_path, "import broken", {"broken.py": "def f(:\n"}).problems
    assert problem.where == "broken.py" and "not valid Python" in problem.message


def test_files_that_the_code_reads_are_noticed(tmp_path: Path) -> None:
    script = "open('a.yaml'); open('out.txt', 'w'); pd.read_csv('data/b.csv'); open('absent.txt')"
    files = {"a.yaml": "", "out.txt": "", "data/b.csv": ""}
    found = find(tmp_path, script, files)
    assert found.reads == [tmp_path / "a.yaml", tmp_path / "data/b.csv"]


def test_a_script_that_imports_relatively_is_run_as_part_of_its_package(tmp_path: Path) -> None:
    write_files(tmp_path, {"pkg/__init__.py": "", "pkg/run.py": "", "pkg/part.py": ""})
    main = MainCode(tmp_path / "pkg/run.py", ["from .part import x"])
    assert main_package(tmp_path, main) == "pkg"
    found = find_own_modules(tmp_path, main)
    assert names_of(found, tmp_path) == ["pkg/__init__.py", "pkg/part.py"]
    assert found.roots == [tmp_path / "pkg", tmp_path]


def test_a_source_of_any_depth_is_read(tmp_path: Path) -> None:
    script = f"import helper\nx = {' + '.join(['1'] * 900)}\nimport other\n"
    found = find(tmp_path, script, {"helper.py": "", "other.py": ""})
    assert names_of(found, tmp_path) == ["helper.py", "other.py"]


def test_texts_that_are_no_names_find_nothing(tmp_path: Path) -> None:
    script = """
import importlib, sys
sys.path.append("x" * 10)
sys.path.insert(0, "{long}")
importlib.import_module("a\\0b")
importlib.import_module(f"a\\0.{sys.argv}")
open("{long}")
open("\\0")
""".replace("{long}", "y" * 5000)
    assert not find(tmp_path, script, {}).modules
