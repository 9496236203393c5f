"""A packed script, run: its modules behave as if they were files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.plans import job_metadata

from kitctl.packing import bundle
from kitctl.packing.plan import Module

JOB = job_metadata(code_file="job/main.py")


def run(folder: Path, **texts: str) -> subprocess.CompletedProcess[str]:
    """Pack modules of a package `job` and run the script, which starts with `main`."""
    modules = (
        Module("job", "job/__init__.py", ""),
        *(Module(f"job.{name}", f"job/{name}.py", text) for name, text in texts.items()),
    )
    script = folder / "script.py"
    script.write_bytes(bundle.pack_modules(JOB, modules, {"epochs": 3}).script)
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", str(script)],
        cwd=folder,
        env={"KAGGLE_CONTAINER_NAME": "kaggle_4wEa0x-31415-webtier"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    first_line, _, done.stdout = done.stdout.partition("\n")
    assert first_line == "session 31415", "by which `cancel` stops this run and no other"
    return done


def test_modules_import_each_other_and_read_the_job(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main="from . import settings\nif __name__ == '__main__':\n    print(settings.EPOCHS)\n",
        settings="from job._job import JOB\nEPOCHS = JOB['settings']['epochs']\n",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")


def test_a_traceback_names_module_and_line_and_shows_the_line(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main="from job import training\n\ntraining.fit()\n",
        training="# a comment\n\ndef fit():\n    raise ValueError('no photos')\n",
    )
    assert done.returncode == 1
    assert 'File "job/main.py", line 3, in <module>\n    training.fit()' in done.stderr
    assert (
        "File \"job/training.py\", line 4, in fit\n    raise ValueError('no photos')" in done.stderr
    )


def test_a_traceback_of_a_thread_shows_the_line_as_well(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main="import threading\nfrom job import work\nthreading.Thread(target=work.fail).start()\n",
        work="def fail():\n    raise ValueError('in a thread')\n",
    )
    assert 'File "job/work.py", line 2, in fail\n    raise ValueError' in done.stderr


def test_line_numbers_are_right_for_any_line_ends(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main="from job import windows\r\n\r\nwindows.fail()\r\n",
        windows="'''Quotes \"\"\" of both kinds \\\r\n'''\r\ndef fail():\r\n    1 / 0\r\n",
    )
    assert 'File "job/windows.py", line 4, in fail\n    1 / 0' in done.stderr


def test_inspect_and_similar_modules_find_source_and_names(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main=(
            "import inspect, pickle\n"
            "from job import models\n"
            "from job.models import Model\n"
            "class Local:\n    pass\n"
            "assert inspect.getsource(models.double) == 'def double(x):\\n    return 2 * x\\n'\n"
            "assert inspect.getsource(Local) == 'class Local:\\n    pass\\n'\n"
            "assert inspect.getsource(models).startswith('from __future__')\n"
            "assert pickle.loads(pickle.dumps(Model(3))) == Model(3)\n"
            "assert pickle.loads(pickle.dumps(models.double)) is models.double\n"
            "assert type(pickle.loads(pickle.dumps(Local()))) is Local\n"
            "assert Model.__module__ == 'job.models' and models.__file__ == 'job/models.py'\n"
            "assert models.__package__ == 'job' and 'ß' in models.NAME\n"
            "print('all found')\n"
        ),
        models=(
            "from __future__ import annotations\n"
            "from dataclasses import dataclass\n"
            "NAME = 'Straße'\n"
            "@dataclass\nclass Model:\n    depth: int\n    next: Undefined | None = None\n"
            "def double(x):\n    return 2 * x\n"
        ),
    )
    assert (done.stdout, done.stderr) == ("all found\n", "")


def test_a_future_import_of_one_module_does_not_leak_into_another(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main=(
            "from __future__ import annotations\n"
            "from job import plain\n"
            "def typed(x: Nowhere): ...\n"
            "print(plain.f.__annotations__['x'], typed.__annotations__['x'])\n"
        ),
        plain="def f(x: int): ...\n",
    )
    assert done.stdout == "<class 'int'> Nowhere\n"


def test_the_exit_code_is_the_jobs_own(tmp_path: Path) -> None:
    assert run(tmp_path, main="import sys\nsys.exit(3)\n").returncode == 3


def test_forked_workers_see_the_modules(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        main=(
            "import multiprocessing\nfrom job.work import double\n"
            "if __name__ == '__main__':\n"
            "    with multiprocessing.get_context('fork').Pool(1) as pool:\n"
            "        print(pool.map(double, [1, 2]))\n"
        ),
        work="def double(x):\n    return 2 * x\n",
    )
    assert done.stdout == "[2, 4]\n"
