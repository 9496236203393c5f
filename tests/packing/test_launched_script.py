"""A script with its modules and files, run: it finds what it would find in its project."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.plans import job_metadata

from kitctl.errors import InvalidInput
from kitctl.packing import bundle
from kitctl.packing.plan import CodeFiles, Launch, Plan, TrialLaunch


def plan(
    script: str, modules: Mapping[str, str] | None = None, *, package: str = "", **launch: Any
) -> Plan:
    files = {name: text.encode() for name, text in (modules or {}).items()}
    own = CodeFiles(files=files, roots=(".", "src"), package=package)
    return bundle.plan_single_file(
        job_metadata(), script.encode(), own=own, launch=Launch(**launch)
    )


def run(folder: Path, planned: Plan) -> subprocess.CompletedProcess[str]:
    """Run a script in the folder `working`, with a temporary folder of its own."""
    for name in ("working", "temporary"):
        (folder / name).mkdir()
    (folder / "script.py").write_bytes(planned.script)
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(folder / "script.py")],
        cwd=folder / "working",
        env={
            "TMPDIR": str(folder / "temporary"),
            "KAGGLE_CONTAINER_NAME": "kaggle_4wEa0x-31415-webtier",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert not list((folder / "temporary").iterdir()), "its code is removed at the end"
    first_line, _, done.stdout = done.stdout.partition("\n")
    assert first_line == "session 31415", "by which `cancel` stops this run and no other"
    return done


def test_modules_files_arguments_and_variables_are_there(tmp_path: Path) -> None:
    script = """
import os, sys, multiprocessing, pickle
from pathlib import Path
import helper
from mypkg.deep import double
if __name__ == "__main__":
    assert (sys.argv[1:], os.environ["MODE"]) == (["--lr", "0.1"], "fast")
    assert Path("configs/a.yaml").read_text() == "a: 1\\n"
    assert (Path(__file__).parent / "configs/a.yaml").exists()
    assert Path("raw.bin").read_bytes() == b"\\xff\\x00"
    assert pickle.loads(pickle.dumps(helper.Net())).name == "net"
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [1, 2]))
    Path("out.txt").write_text("kept")
    Path("raw.bin").write_bytes(b"changed")
"""
    modules = {
        "helper.py": "class Net:\n    name = 'net'\n",
        "src/mypkg/__init__.py": "",
        "src/mypkg/deep.py": "def double(x):\n    return 2 * x\n",
    }
    planned = plan(
        script,
        modules,
        files={"configs/a.yaml": b"a: 1\n", "raw.bin": b"\xff\x00"},
        arguments=("--lr", "0.1"),
        environment={"MODE": "fast"},
    )
    assert planned.kind == "packed" and planned.script_name == "script.py"
    done = run(tmp_path, planned)
    assert (done.stdout, done.stderr) == ("[2, 4]\n", "")
    left = sorted(path.name for path in (tmp_path / "working").rglob("*"))
    assert left == ["out.txt", "raw.bin"], "files that did not change are no outputs"


def test_a_traceback_names_the_projects_files_only(tmp_path: Path) -> None:
    modules = {"src/mypkg/__init__.py": "def fail():\n    raise ValueError('here')\n"}
    done = run(tmp_path, plan("import mypkg\n\nmypkg.fail()\n", modules))
    assert done.returncode == 1
    assert 'train.py", line 3, in <module>\n    mypkg.fail()' in done.stderr
    assert "src/mypkg/__init__.py\", line 2, in fail\n    raise ValueError('here')" in done.stderr
    assert "script.py" not in done.stderr


def test_a_module_may_have_the_name_of_one_of_pythons_own(tmp_path: Path) -> None:
    modules = {"random.py": "MINE = 1\n", "base64.py": "MINE = 2\n"}
    done = run(tmp_path, plan("import random, base64\nprint(random.MINE, base64.MINE)\n", modules))
    assert (done.stdout, done.stderr) == ("1 2\n", "")


def test_a_script_can_be_a_module_of_its_package(tmp_path: Path) -> None:
    metadata = job_metadata(code_file="pkg/run.py")
    own = CodeFiles(
        files={"pkg/__init__.py": b"X = 1\n", "pkg/part.py": b"from . import X\n"},
        roots=("pkg", "."),
        package="pkg",
    )
    planned = bundle.plan_single_file(metadata, b"from .part import X\nprint(X)\n", own=own)
    assert run(tmp_path, planned).stdout == "1\n"


def test_another_encoding_and_odd_characters_arrive_as_they_are(tmp_path: Path) -> None:
    latin = "# coding: latin-1\nNAME = 'Zoë'\n".encode("latin-1")
    quotes = b'TEXT = """\'\'\'\\\n"""\r\n'
    own = CodeFiles(files={"latin.py": latin, "quotes.py": quotes}, roots=(".",))
    script = b"import latin, quotes\nprint(latin.NAME, quotes.TEXT)\n"
    done = run(tmp_path, bundle.plan_single_file(job_metadata(), script, own=own))
    assert (done.stdout, done.stderr) == ("Zoë '''\n", "")


def test_the_working_folder_stays_where_nothing_but_its_own_files_was_in_it(tmp_path: Path) -> None:
    assert run(tmp_path, plan("print(1)", files={"a/b/c.txt": b"1"})).returncode == 0
    assert not list((tmp_path / "working").iterdir())


def test_arguments_variables_and_files_are_part_of_the_identity() -> None:
    plans = [
        plan("print(1)"),
        plan("print(1)", arguments=("--lr", "0.1")),
        plan("print(1)", arguments=("--lr", "0.2")),
        plan("print(1)", environment={"A": "1"}),
        plan("print(1)", files={"a.txt": b"1"}),
        plan("print(1)", {"a.py": ""}),
    ]
    assert len({planned.script_sha256 for planned in plans}) == len(plans)
    assert plans[0].script == b"print(1)", "a script alone is sent as it is"


def test_data_files_are_compressed_where_the_script_would_be_too_large() -> None:
    table = b"1,2,3\n" * 200_000
    planned = plan("print(1)", files={"a.csv": table})
    assert len(planned.script) < 900_000
    assert planned.file_sizes["a.csv"] == len(table)
    with pytest.raises(InvalidInput, match=r"train\.py \(1050 kB\)"):
        plan("print(1)\n" + "#" * 1_050_000, {"a.py": "x"})


SHARED = """
import os, sys
from pathlib import Path
import helper
assert Path("../input/words.txt").read_text() == "words"
assert Path("config.yaml").read_text() == "a: 1"
rate = sys.argv[1]
print("rate", rate, os.environ["MODE"], os.environ["KITCTL_TRIAL"], flush=True)
Path("metrics.json").write_text(rate)
Path("plots").mkdir()
Path("plots", "curve.png").write_text(rate)
if rate == "2":
    Path("trial-1").write_text("its own file of this name")
    raise ValueError(f"rate {rate}")
"""


def trials_of(*rates: str) -> tuple[TrialLaunch, ...]:
    return tuple(
        TrialLaunch(
            arguments=(rate,),
            environment={"KITCTL_TRIAL": f"{'0' * 16} {number}", "MODE": f"m{number}"},
        )
        for number, rate in enumerate(rates)
    )


def test_trials_in_one_run_have_arguments_variables_and_outputs_of_their_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input/words.txt").write_text("words")
    done = run(
        tmp_path,
        plan(
            SHARED,
            {"helper.py": ""},
            files={"config.yaml": b"a: 1"},
            environment={"KITCTL_TRIAL": f"{'0' * 16} 0 1 2"},
            trials=trials_of("1", "2", "3"),
        ),
    )
    assert done.returncode == 0 and "ValueError: rate 2" in done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("session")]
    assert lines == [
        line
        for number, code in ((0, 0), (1, 1), (2, 0))
        for line in (
            f"kitctl: trial {number} begins",
            f"rate {number + 1} m{number} {'0' * 16} {number}",
            f"kitctl: trial {number} ended with exit code {code}",
        )
    ]
    working = tmp_path / "working"
    left = sorted(
        path.relative_to(working).as_posix() for path in working.rglob("*") if path.is_file()
    )
    own = ("metrics.json", "plots/curve.png")
    assert left == sorted(
        ["trial-1/trial-1", *(f"trial-{number}/{name}" for number in range(3) for name in own)]
    )
    assert (working / "trial-2/metrics.json").read_text() == "3"


def test_a_run_whose_trials_all_fail_has_failed(tmp_path: Path) -> None:
    done = run(tmp_path, plan("raise SystemExit(3)", trials=trials_of("1", "2")))
    assert done.returncode == 1
    assert done.stdout.count("ended with exit code 3") == 2
    assert not list((tmp_path / "working").iterdir())
