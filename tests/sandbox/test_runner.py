"""A run in a folder laid out as Kaggle's, with namespaces and without."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_kaggle import until
from support.processes import unique_seconds, with_argument
from support.sandbox_runs import Printed, is_isolated, run

from kitctl.sandbox import runner


@pytest.fixture(params=["best", "plain"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The best kind of run that this machine allows, and one without namespaces."""
    if request.param == "plain":
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    yield request.param


def test_a_script_finds_its_inputs_in_both_of_kaggles_layouts(tmp_path: Path, kind: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/photo.jpg").write_bytes(b"photo")
    code, printed, started = run(
        tmp_path / "run",
        """
        import json, os, sys
        print(json.dumps({
            "cwd": os.getcwd(),
            "script": os.path.abspath(__file__),
            "arguments": sys.argv[1:],
            "new": os.listdir("../input/datasets/ada/photos"),
            "old": os.listdir("../input/photos"),
            "model": os.listdir("../input/models/g/gemma/keras/2b/1"),
            "old_model": os.listdir("../input/gemma/keras/2b/1"),
            "competition": os.listdir("../input/competitions/digits"),
            "old_competition": os.listdir("../input/digits"),
        }))
        open("left.txt", "w").write("left")
        """,
        mounts={
            "datasets/ada/photos": tmp_path / "data",
            "models/g/gemma/keras/2b/1": tmp_path / "data",
            "competitions/digits": tmp_path / "data",
        },
    )
    assert (code, printed.text("stderr")) == (0, "")
    seen = json.loads(printed.text())
    root = "/kaggle" if is_isolated(started) else str(tmp_path / "run")
    assert seen.pop("cwd") == f"{root}/working"
    assert seen.pop("script") == f"{root}/src/script.py"
    assert seen.pop("arguments") == []
    assert set(map(tuple, seen.values())) == {("photo.jpg",)}
    assert (started.working / "left.txt").read_text("utf-8") == "left"


def test_a_script_cannot_change_the_users_inputs(tmp_path: Path, kind: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/photo.jpg").write_bytes(b"photo")
    code, printed, _ = run(
        tmp_path / "run",
        """
        import os, shutil
        for change in (
            lambda: open("../input/photos/photo.jpg", "w").write("x"),
            lambda: os.remove("../input/datasets/ada/photos/photo.jpg"),
            lambda: os.chmod("../input/photos/photo.jpg", 0o777),
            lambda: shutil.rmtree("../input"),
        ):
            try:
                change()
            except OSError:
                pass
        """,
        mounts={"datasets/ada/photos": tmp_path / "data"},
    )
    assert (code, printed.text("stderr")) == (0, "")
    assert (tmp_path / "data/photo.jpg").read_bytes() == b"photo"
    assert (tmp_path / "data/photo.jpg").stat().st_mode & 0o777 != 0o777
    runner.remove(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_script_gets_no_variable_of_the_users_environment(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_KEY", "KAGGLE_API_TOKEN", "KITCTL_HOME", "MY_SECRET", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    _, printed, _ = run(
        tmp_path / "run",
        "import json, os; print(json.dumps(dict(os.environ)))",
        environment={"KAGGLE_CONTAINER_NAME": runner.container_name(42), "EXTRA": "1"},
    )
    seen = json.loads(printed.text())
    assert "secret" not in seen.values()
    assert seen["KAGGLE_CONTAINER_NAME"] == "kaggle_local-42-webtier"
    assert (seen["KAGGLE_KERNEL_RUN_TYPE"], seen["KITCTL_REHEARSAL"]) == ("Batch", "1")
    assert (seen["EXTRA"], seen["HOME"]) == ("1", seen["HOME"])
    assert seen["HOME"] != os.environ.get("HOME")


def test_a_run_says_whether_it_has_a_network(tmp_path: Path, kind: str) -> None:
    script = """
        import socket
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
        print(*sorted(name for _, name in socket.if_nameindex()))
        """
    _, printed, alone = run(tmp_path / "one", script)
    assert printed.text("stderr") == ""
    if is_isolated(alone):
        assert printed.text() == "lo\n"
        assert "no network" in alone.isolation
    else:
        assert "though the job asks for none" in alone.isolation
    _, printed, connected = run(tmp_path / "two", script, internet=True)
    assert "network on, as the job asks" in connected.isolation


def test_each_line_has_its_stream_and_time_and_the_exit_code_is_the_scripts(
    tmp_path: Path, kind: str
) -> None:
    code, printed, _ = run(
        tmp_path,
        """
        import sys
        print("über")
        sys.stderr.buffer.write(b"bad \\xff byte\\n")
        sys.exit(7)
        """,
    )
    assert code == 7
    assert printed.text() == "über\n"
    assert printed.text("stderr") == "bad \ufffd byte\n"
    assert all(0 < seconds < 60 for _, _, seconds in printed.lines)


def test_a_script_ended_by_a_signal_has_a_shells_exit_code(tmp_path: Path, kind: str) -> None:
    assert run(tmp_path, "import os; os.kill(os.getpid(), 9)")[0] == 137


def test_stop_ends_the_whole_process_tree(tmp_path: Path, kind: str) -> None:
    seconds = unique_seconds()
    started = runner.start(
        tmp_path,
        f"import subprocess, time\nsubprocess.Popen(['setsid', 'sleep', '{seconds}'])\n"
        "time.sleep(1000)".encode(),
        {},
        environment={},
        internet=False,
        on_line=Printed(),
    )
    until(lambda: with_argument(seconds))
    assert started.wait(0) is None
    started.stop()
    assert started.wait() == 143
    assert not with_argument(seconds)


def test_processes_that_a_script_leaves_running_end_with_it(tmp_path: Path, kind: str) -> None:
    seconds = unique_seconds()
    code, _, _ = run(
        tmp_path, f"import subprocess\nsubprocess.Popen(['setsid', 'sleep', '{seconds}'])"
    )
    assert code == 0
    assert not with_argument(seconds)


def test_a_run_does_not_outlive_the_process_that_started_it(tmp_path: Path, kind: str) -> None:
    seconds = unique_seconds()
    script = f"""
        import subprocess, time
        subprocess.Popen(["setsid", "sleep", "{seconds}"])
        time.sleep(1000)
        """
    starter = f"""
        import shutil, time
        from pathlib import Path
        if {kind == "plain"}:
            shutil.which = lambda *_, **__: None
        from kitctl.sandbox import runner
        script = {textwrap.dedent(script).encode()!r}
        options = {{"environment": {{}}, "internet": False, "on_line": print}}
        runner.start(Path({str(tmp_path)!r}), script, {{}}, **options)
        time.sleep(1000)
        """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(starter)])
    try:
        until(lambda: with_argument(seconds))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: not with_argument(seconds))


def test_proc_shows_the_process_ids_of_the_runs_own_namespace(tmp_path: Path, kind: str) -> None:
    _, printed, _ = run(
        tmp_path,
        "import os\nprint(os.readlink('/proc/self') == str(os.getpid()))",
    )
    assert printed.text() == "True\n"
