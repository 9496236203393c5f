"""A push that is killed at any moment is neither lost nor paid for twice."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.plans import script_plan
from support.programs import start_program
from support.server_clock import ServerClock

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.run import NOT_SHOWN_SECONDS, KernelRef
from kitctl.errors import KitError
from kitctl.operations.push import PushOptions, push
from kitctl.ports import NullReporter

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

MOMENTS = 200
LONGEST_PUSH_SECONDS = 0.25

# Pushes in a child, which it kills after so many seconds; imports nothing anew in a child.
PROGRAM = """
import os, pathlib, signal, sys, time
import urllib3
from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.operations.push import PushOptions, push
from kitctl.ports import NullReporter
from support.plans import script_plan
endpoint, token = sys.argv[1:3]
for line in sys.stdin:
    seconds, path = line.rstrip().split(" ", 1)
    child = os.fork()
    if not child:
        ledger = SqliteLedger(pathlib.Path(path))
        kaggle = connect_local(endpoint, token)
        push(PushOptions(plan=script_plan()), kaggle, ledger, time, NullReporter())
        os._exit(0)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def push_and_kill(local_kaggle: LocalKaggle) -> Iterator[Callable[[float, Path], None]]:
    """Push in a process that is killed after so many seconds."""
    program = start_program(PROGRAM, local_kaggle.endpoint, local_kaggle.token)
    assert program.stdin and program.stdout
    stdin, stdout = program.stdin, program.stdout

    def run(seconds: float, ledger: Path) -> None:
        stdin.write(f"{seconds} {ledger}\n")
        stdin.flush()
        assert stdout.readline().strip() in ("-9", "0")

    yield run
    program.communicate(timeout=20)


def test_a_push_that_is_killed_at_any_moment_leads_to_one_run_that_the_ledger_knows(
    local_kaggle: LocalKaggle,
    push_and_kill: Callable[[float, Path], None],
    chance: random.Random,
    record_property: Callable[[str, object], None],
    tmp_path: Path,
) -> None:
    wrong = []
    taken = 0
    for number in range(MOMENTS):
        seconds = chance.uniform(0.0, LONGEST_PUSH_SECONDS)
        local_kaggle.reset()
        local_kaggle.settings(queue_seconds=0)
        path = tmp_path / f"{number}.sqlite"
        push_and_kill(seconds, path)
        taken += local_kaggle.calls("SaveKernel")
        if known_versions(local_kaggle, path) != [1]:
            wrong.append(seconds)
    record_property("pushes killed", MOMENTS)
    record_property("of them lost or paid twice", len(wrong))
    assert not wrong
    assert 0 < taken < MOMENTS, "no push was killed before, or none after it was sent"


def known_versions(server: LocalKaggle, path: Path) -> list[int]:
    """Push the same job again until it ran; return the ledger's versions, none that it lacks."""
    with SqliteLedger(path) as ledger:
        clock = ServerClock(server)
        for waits in (0.0, 60.0, NOT_SHOWN_SECONDS):
            clock.sleep(waits)
            kaggle = connect_local(server.endpoint, server.token)
            with contextlib.suppress(KitError):
                push(PushOptions(plan=script_plan()), kaggle, ledger, clock, NullReporter())
        newest = kaggle.newest_version(KernelRef("local", "small-job"))
        known = [run.version for run in ledger.runs("local", "local") if run.version]
        return known if newest and newest.run.version == len(known) else []
