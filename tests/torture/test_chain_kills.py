"""A chain whose kitctl is killed at any moment goes on: no session twice, none lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.command_line import write_script
from support.local_kaggle import LocalKaggle

from kitctl.domain.runs.chain import read_session

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

CHAINS, KILLS, SESSIONS = 6, 5, 5
LONGEST_SECONDS = 4.0
COMMAND = [sys.executable, "-m", "kitctl", "push", "--local", "--until-done", "--json"]

# Each session adds its number to what the sessions before it have left.
COLLECT = f"""
import os
from pathlib import Path
resume = os.environ.get("KITCTL_RESUME")
steps = Path(resume, "steps.txt").read_text().split() if resume else []
steps.append(str(len(steps) + 1))
Path("steps.txt").write_text(" ".join(steps))
if len(steps) < {SESSIONS}:
    Path("UNFINISHED.txt").write_text(f"{{len(steps)}} of {SESSIONS}\\non_error: continue")
"""


def test_a_chain_that_is_killed_at_any_moment_runs_each_session_once(
    local_kaggle: LocalKaggle, project: Path, chance: random.Random
) -> None:
    for number in range(CHAINS):
        local_kaggle.settings(queue_seconds=0)
        slug = f"chained-{number}"
        write_script(project, f"{COLLECT}# {number}", id=slug, title=f"Chained {number}")
        for _ in range(KILLS):
            killed = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.3, LONGEST_SECONDS))
            killed.kill()
            killed.wait()
        finish_chain()
        expect_each_session_once(local_kaggle, slug)


def test_a_chain_pushes_no_session_twice_when_its_server_is_killed(
    local_kaggle: LocalKaggle, project: Path, chance: random.Random
) -> None:
    local_kaggle.settings(queue_seconds=0)
    write_script(project, COLLECT, id="over-kills", title="Over kills")
    for _ in range(KILLS):
        running = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, LONGEST_SECONDS))
        # Where it sees no server, a command starts one of its own.
        running.send_signal(signal.SIGSTOP)
        local_kaggle.kill()
        local_kaggle.restart()
        running.send_signal(signal.SIGCONT)
        time.sleep(chance.uniform(0, 0.5))
        running.kill()
        running.wait()
    end = subprocess.run(COMMAND, capture_output=True, text=True, timeout=120)
    # A session that ran while its server was killed has failed, and ends the chain.
    assert json.loads(end.stdout)["data"]["outcome"] in {"finished", "failed"}, end.stderr
    sessions = sessions_of(local_kaggle, "over-kills")
    assert sessions == sorted(set(sessions)), "a session was pushed twice"


def finish_chain() -> None:
    """Type the command until the chain has finished."""
    answers = []
    for _ in range(3):
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=120)
        answers.append(done.stdout + done.stderr)
        if done.returncode == 0:
            return
    pytest.fail("\n".join(answers))


def expect_each_session_once(server: LocalKaggle, slug: str) -> None:
    assert sessions_of(server, slug) == list(range(1, SESSIONS + 1))
    files = outputs_of(server, slug, SESSIONS)
    assert files["steps.txt"].split() == [str(number + 1) for number in range(SESSIONS)]


def sessions_of(server: LocalKaggle, slug: str) -> list[int]:
    """Return the number of the session in each version's source."""
    newest = server.call("GetKernel", userName="local", kernelSlug=slug)
    numbers = []
    for version in range(1, newest["metadata"]["currentVersionNumber"] + 1):
        one = server.call(
            "GetKernel", userName="local", kernelSlug=slug, versionLabel=f"v{version}"
        )
        session = read_session(one["blob"]["source"])
        assert session is not None
        numbers.append(session.number)
    return numbers


def outputs_of(server: LocalKaggle, slug: str, version: int) -> dict[str, Any]:
    folder = Path(os.environ["KITCTL_HOME"], "pulled", slug)
    command = [sys.executable, "-m", "kitctl", "pull-results", "--local", "--out", str(folder)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60)
    data = json.loads(done.stdout)["data"]
    assert data["version"] == version
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.txt")}
