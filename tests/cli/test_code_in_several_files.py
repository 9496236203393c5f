"""Scripts and notebooks with modules, files, arguments and parameters, on the local Kaggle."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.notebooks import code_cell, notebook
from support.projects import write_files


def test_a_module_beside_the_script_goes_along(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "import helper\nprint(helper.NAME)")
    write_files(project, {"helper.py": "NAME = 'packed'\n"})
    packaged = kitctl("package", "--json").data
    assert packaged["kind"] == "packed" and packaged["modules"] == ["helper.py"]
    assert {"path": "helper.py", "bytes": 16} in packaged["files"]
    (check,) = (
        check
        for check in kitctl("doctor", "--local", "--json").envelope["data"]["checks"]
        if check["name"] == "job's packages"
    )
    assert check["ok"] and "helper" not in check["fix"]
    followed = kitctl("push", "--local", "--follow")
    assert followed.code == 0 and "] packed" in followed.out


def test_a_src_layout_runs_and_its_traceback_names_the_file(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "from mypkg import x\nprint('x', open('configs/a.yaml').read())\nx()")
    write_files(
        project,
        {
            "pyproject.toml": '[tool.kitctl]\ncode = ["src"]\nfiles = ["configs/*.yaml"]\n',
            "src/mypkg/__init__.py": "def x():\n    raise ValueError('in the package')\n",
            "configs/a.yaml": "a: 1",
        },
    )
    assert kitctl("push", "--local", "--follow").code == 6
    log = kitctl("logs", "--local").out
    assert "x a: 1" in log and 'src/mypkg/__init__.py", line 2, in x' in log
    assert "script.py" not in log
    write_files(project, {"src/mypkg/__init__.py": "def x(): ...\n"})
    run = kitctl("dry-run")
    assert run.code == 0 and "the run left no files" in run.out


def test_arguments_reach_the_script_and_make_it_another_job(kitctl: Kitctl, project: Path) -> None:
    script = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
print("lr", parser.parse_args().lr, os.environ.get("MODE"))
"""
    write_script(project, script)
    first = kitctl("push", "--local", "--follow", "--env", "MODE=fast", "--", "--lr", "0.1")
    assert first.code == 0 and "lr 0.1 fast" in first.out
    again = kitctl("push", "--local", "--json", "--env", "MODE=fast", "--", "--lr", "0.1")
    assert (again.code, again.error["code"]) == (4, "same_script")
    other = kitctl("push", "--local", "--json", "--", "--lr", "0.2").data
    assert (other["arguments"], other["version"]) == (["--lr", "0.2"], 2)
    newest, oldest = kitctl("runs", "--local", "--json").data["runs"]
    assert (oldest["arguments"], oldest["environment"]) == (["--lr", "0.1"], {"MODE": "fast"})
    assert newest["arguments"] == ["--lr", "0.2"]


@pytest.mark.parametrize(
    "options",
    [
        ("--env", "HF_TOKEN=abc"),
        ("--env", "SETTING=https://me:word@host/"),
        ("--", "--api-key", "abcdef"),
        ("--", "hf_" + "a" * 34),
    ],
)
def test_what_looks_like_a_secret_is_refused(kitctl: Kitctl, options: tuple[str, ...]) -> None:
    for command in ("push", "package", "dry-run"):
        refused = kitctl(command, "--json", *options)
        assert (refused.code, refused.error["code"]) == (4, "secret")
        assert (
            options[-1].partition("=")[2] not in refused.error["message"] or "=" not in options[-1]
        )


def test_a_notebook_imports_modules_and_gets_its_parameters(kitctl: Kitctl, project: Path) -> None:
    cells = [
        code_cell("lr = 0.1\nname = 'a'", tags=["parameters"]),
        code_cell("import helper\nprint(lr, name, helper.NAME, open('a.txt').read())"),
        code_cell("1 / 0"),
    ]
    write_script(project, "", code_file="n.ipynb", kernel_type="notebook")
    write_files(
        project,
        {
            "n.ipynb": notebook(cells=cells),
            "helper.py": "NAME = 'beside'\n",
            "a.txt": "text",
            "pyproject.toml": '[tool.kitctl]\nfiles = ["a.txt"]\n',
        },
    )
    run = kitctl("push", "--local", "--follow", "--set", "lr=0.01", "--json")
    assert run.code == 6
    assert "cell 3, line 1: ZeroDivisionError" in run.envelope["data"]["failure_message"]
    assert "0.01 a beside text" in kitctl("logs", "--local").out
    source = json.loads((project / "n.ipynb").read_text("utf-8"))
    assert len(source["cells"]) == 3, "the user's own file is left as it is"


def test_the_git_commit_is_recorded(kitctl: Kitctl, project: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(project)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "First"]):
        subprocess.run([*git, *words], check=True)
    clean = kitctl("package", "--json").data["git"]
    assert (len(clean["commit"]), clean["dirty"]) == (40, False)
    write_script(project, "print('changed')")
    assert kitctl("push", "--local", "--json").data["git"] == {**clean, "dirty": True}
    assert kitctl("runs", "--local", "--json").data["runs"][0]["git"]["commit"] == clean["commit"]
    assert f"{clean['commit'][:7]}+" in kitctl("runs", "--local").out


def test_what_is_too_large_for_a_script_goes_along_as_a_data_set(
    kitctl: Kitctl, project: Path
) -> None:
    script = "import helper\nprint(helper.X, len(open('noise.bin', 'rb').read()))\n"
    write_script(project, f"{script}open('out.txt', 'w').close()")
    noise = random.Random(1).randbytes(1_000_000)
    (project / "noise.bin").write_bytes(noise)
    write_files(
        project,
        {"helper.py": "X = 1\n", "pyproject.toml": '[tool.kitctl]\nfiles = ["noise.bin"]\n'},
    )
    plan = kitctl("push", "--plan", "--json").data
    assert plan["attached"] == ["small-job-code"] and plan["script_bytes"] < 20_000
    assert kitctl("dry-run").code == 0
    followed = kitctl("push", "--local", "--follow")
    assert followed.code == 0 and "1 1000000" in followed.out
    assert "local/small-job-code version 1 with its code: made" in followed.err
    refused = kitctl("package", "--json")
    assert refused.error["code"] == "needs_dataset"
    assert "1000 kB" in refused.error["message"] and "900 kB" in refused.error["message"]
    assert {path.name for path in project.iterdir()} >= {"noise.bin", "helper.py"}


def test_without_isolation_no_code_is_left_beside_the_run(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    script = "import helper, os\nprint(helper.__file__, flush=True)\nos._exit(0)"
    write_script(project, script)
    write_files(project, {"helper.py": ""})
    run = kitctl("dry-run")
    (place,) = re.findall(r"^(\S+helper\.py)$", run.err, re.MULTILINE)
    assert "/home/kitctl-code/" in place and not Path(place).exists()
