"""Many commands of the official `kaggle` in one process: its start is most of a short command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.official_client import PYTHON, environment

# Each line of stdin is a folder and one command's arguments; its outcome is one line of JSON.
_ANSWER_COMMANDS = """
import contextlib, io, json, os, sys
from kaggle import cli

lines, answers = sys.stdin, sys.stdout
for line in lines:
    folder, arguments = json.loads(line)
    os.chdir(folder)
    sys.argv = ["kaggle", *arguments]
    sys.stdin, printed, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    print(json.dumps([code, printed.getvalue()]), file=answers, flush=True)
"""


@dataclass
class OfficialSession:
    """The official client in one process; `folder` is its working directory."""

    process: subprocess.Popen[str]
    folder: Path

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run one command and return what it prints; the test fails where the command fails."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(self.folder), arguments]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the official client ended"
        code, printed = json.loads(answer)
        assert (code != 0) == fails, printed
        return str(printed).strip()


@pytest.fixture(scope="session")
def official_process(
    local_kaggle_server: LocalKaggle, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.Popen[str]]:
    home = tmp_path_factory.mktemp("official")
    with subprocess.Popen(
        [PYTHON, "-c", _ANSWER_COMMANDS],
        env=environment(local_kaggle_server, home),
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def official(
    official_process: subprocess.Popen[str], local_kaggle: LocalKaggle, tmp_path: Path
) -> OfficialSession:
    """The official client, directed to the local Kaggle, in the test's own folder."""
    return OfficialSession(official_process, tmp_path)
