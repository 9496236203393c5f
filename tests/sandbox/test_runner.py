"""A run in a folder laid out as Kaggle's, with and without namespaces."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kitctl.sandbox import runner


@pytest.fixture(params=["best", "plain"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The best kind of run that this machine allows, and one without namespaces."""
    if request.param == "plain":
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    yield request.param


class Heard:
    """The lines of a run."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, float]] = []

    def __call__(self, stream: str, line: str, seconds: float) -> None:
        self.lines.append((stream, line, seconds))

    def text(self, stream: str = "stdout") -> str:
        return "".join(line for name, line, _ in self.lines if name == stream)


def run(root: Path, script: str, **options: object) -> tuple[int | None, Heard, runner.Run]:
    heard = Heard()
    given = {"environment": {}, "internet": False, "mounts": {}, **options}
    started = runner.start(root, textwrap.dedent(script).encode(), on_line=heard, **given)  # type: ignore[arg-type]
    return started.wait(60), heard, started


def is_sandboxed(started: runner.Run) -> bool:
    return started.isolation.startswith("In namespaces")


def await_true(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes(word: str) -> list[Path]:
    """The processes that were started with the word as an argument of its own."""

    def words(process: Path) -> list[bytes]:
        try:
            return (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return []

    return [path for path in Path("/proc").iterdir() if word.encode() in words(path)]


def test_the_folders_are_kaggles(tmp_path: Path, kind: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/photo.jpg").write_bytes(b"photo")
    code, heard, started = run(
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
    assert (code, heard.text("stderr")) == (0, "")
    seen = json.loads(heard.text())
    root = "/kaggle" if is_sandboxed(started) else str(tmp_path / "run")
    assert seen.pop("cwd") == f"{root}/working"
    assert seen.pop("script") == f"{root}/src/script.py"
    assert seen.pop("arguments") == []
    assert set(map(tuple, seen.values())) == {("photo.jpg",)}
    assert (started.working / "left.txt").read_text("utf-8") == "left"


def test_nothing_a_script_does_reaches_the_users_inputs(tmp_path: Path, kind: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/photo.jpg").write_bytes(b"photo")
    code, heard, _ = run(
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
    assert (code, heard.text("stderr")) == (0, "")
    assert (tmp_path / "data/photo.jpg").read_bytes() == b"photo"
    assert (tmp_path / "data/photo.jpg").stat().st_mode & 0o777 != 0o777
    runner.remove(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_no_word_of_the_users_environment_gets_in(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_KEY", "KAGGLE_API_TOKEN", "KITCTL_HOME", "MY_SECRET", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    _, heard, _ = run(
        tmp_path / "run",
        "import json, os; print(json.dumps(dict(os.environ)))",
        environment={"KAGGLE_CONTAINER_NAME": runner.container_name(42), "EXTRA": "1"},
    )
    seen = json.loads(heard.text())
    assert "secret" not in seen.values()
    assert seen["KAGGLE_CONTAINER_NAME"] == "kaggle_local-42-webtier"
    assert (seen["KAGGLE_KERNEL_RUN_TYPE"], seen["KITCTL_REHEARSAL"]) == ("Batch", "1")
    assert (seen["EXTRA"], seen["HOME"]) == ("1", seen["HOME"])
    assert seen["HOME"] != os.environ.get("HOME")


def test_a_run_says_whether_it_had_a_network(tmp_path: Path, kind: str) -> None:
    script = """
        import socket
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
        print(*sorted(name for _, name in socket.if_nameindex()))
        """
    _, heard, alone = run(tmp_path / "one", script)
    assert heard.text("stderr") == ""
    if is_sandboxed(alone):
        assert heard.text() == "lo\n"
        assert "no network" in alone.isolation
    else:
        assert "though the job asks for none" in alone.isolation
    _, heard, open_ = run(tmp_path / "two", script, internet=True)
    assert "the network, as the job asks" in open_.isolation


def test_lines_come_with_their_stream_and_time_and_the_exit_code_is_the_scripts(
    tmp_path: Path, kind: str
) -> None:
    code, heard, _ = run(
        tmp_path,
        """
        import sys
        print("über")
        sys.stderr.buffer.write(b"bad \\xff byte\\n")
        sys.exit(7)
        """,
    )
    assert code == 7
    assert heard.text() == "über\n"
    assert heard.text("stderr") == "bad \ufffd byte\n"
    assert all(0 < seconds < 60 for _, _, seconds in heard.lines)


def test_a_script_ended_by_a_signal_has_a_shells_exit_code(tmp_path: Path, kind: str) -> None:
    assert run(tmp_path, "import os; os.kill(os.getpid(), 9)")[0] == 137


def test_stop_ends_the_whole_tree(tmp_path: Path, kind: str) -> None:
    word = f"98{os.getpid()}"
    started = runner.start(
        tmp_path,
        f"import subprocess, time\nsubprocess.Popen(['setsid', 'sleep', '{word}'])\n"
        "time.sleep(1000)".encode(),
        {},
        environment={},
        internet=False,
        on_line=Heard(),
    )
    await_true(lambda: processes(word))
    assert started.wait(0) is None
    started.stop()
    assert started.wait() == 143
    assert not processes(word)


def test_what_a_script_leaves_running_ends_with_it(tmp_path: Path, kind: str) -> None:
    word = f"97{os.getpid()}"
    code, _, _ = run(
        tmp_path, f"import subprocess\nsubprocess.Popen(['setsid', 'sleep', '{word}'])"
    )
    assert code == 0
    assert not processes(word)


def test_a_run_does_not_outlive_the_process_that_started_it(tmp_path: Path, kind: str) -> None:
    word = f"96{os.getpid()}"
    script = f"""
        import subprocess, time
        subprocess.Popen(["setsid", "sleep", "{word}"])
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
        await_true(lambda: processes(word))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    await_true(lambda: not processes(word))


def test_process_numbers_in_proc_are_the_runs_own(tmp_path: Path, kind: str) -> None:
    _, heard, _ = run(
        tmp_path,
        "import os\nprint(os.readlink('/proc/self') == str(os.getpid()))",
    )
    assert heard.text() == "True\n"
