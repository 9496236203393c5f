"""`push` never pays for a run twice: a killed kitctl, several at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import LocalKaggle
from support.local_setup import LocalSetup
from support.plans import script_plan
from support.programs import TESTS, finish_together, start_program

from kitctl.domain.runs.run import KernelRef
from kitctl.errors import Refused
from kitctl.operations.push import PushOptions, PushResult, push
from kitctl.packing.plan import Plan

KERNEL = KernelRef("local", "small-job")


def send(setup: LocalSetup, plan: Plan) -> PushResult:
    return push(PushOptions(plan=plan), setup.kaggle, setup.ledger, setup.clock, setup.reporter)


def refusal(setup: LocalSetup, plan: Plan) -> Refused:
    """Return the refusal of a push."""
    with pytest.raises(Refused) as caught:
        send(setup, plan)
    return caught.value


@pytest.fixture
def killed_after(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Any]:
    """Return a function that pushes in a process that is killed right after the named step."""

    def run(step: str) -> None:
        program = (
            "import os, signal, sys, time, pathlib\n"
            "from kitctl.adapters.kaggle import connect_local\n"
            "from kitctl.adapters.ledger import SqliteLedger\n"
            "from kitctl.ports import NullReporter\n"
            "from kitctl.operations.push import PushOptions, push\n"
            "from support.plans import script_plan\n"
            "step, endpoint, token = sys.argv[1:4]\n"
            "ledger = SqliteLedger(pathlib.Path(sys.argv[4]))\n"
            "kaggle = connect_local(endpoint, token)\n"
            "def then_kill(function):\n"
            "    def call(*arguments):\n"
            "        function(*arguments)\n"
            "        os.kill(os.getpid(), signal.SIGKILL)\n"
            "    return call\n"
            "owner = ledger if step in ('admit', 'record_version') else kaggle\n"
            "setattr(owner, step, then_kill(getattr(owner, step)))\n"
            "push(PushOptions(plan=script_plan()), kaggle, ledger, time, NullReporter())\n"
        )
        arguments = [step, local_kaggle.endpoint, local_kaggle.token]
        process = subprocess.run(
            [sys.executable, "-c", program, *arguments, str(tmp_path / "ledger.sqlite")],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            timeout=60,
            capture_output=True,
            text=True,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr

    yield run


@pytest.mark.parametrize(("step", "runs"), [("admit", 0), ("save", 1), ("record_version", 1)])
def test_killed_between_two_steps_no_run_is_lost_and_none_is_paid_for_twice(
    setup: LocalSetup, killed_after: Any, step: str, runs: int
) -> None:
    killed_after(step)
    assert setup.server.calls("SaveKernel") == runs
    # A push that was cut off counts as under way until its fate is known.
    error = refusal(setup, script_plan())
    assert error.code == "same_script"
    recorded = [run.version for run in setup.ledger.runs("local", "local")]
    assert recorded == ([1] if runs else [None])
    if not runs:
        (intent,) = setup.ledger.unfinished_runs("local", "local")
        setup.ledger.record_lost_answer(intent.id, setup.kaggle.now() - 1)
        assert send(setup, script_plan()).run.version == 1
        assert len(setup.ledger.runs("local", "local")) == 1


def test_several_pushes_of_the_same_job_at_once_make_one_run(
    setup: LocalSetup, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    source = (
        "import sys, time, pathlib\n"
        "from kitctl.adapters.kaggle import connect_local\n"
        "from kitctl.adapters.ledger import SqliteLedger\n"
        "from kitctl.errors import Refused\n"
        "from kitctl.ports import NullReporter\n"
        "from kitctl.operations.push import PushOptions, push\n"
        "endpoint, token, path = sys.argv[1:4]\n"
        "from support.plans import script_plan\n"
        "kaggle = connect_local(endpoint, token)\n"
        "with SqliteLedger(pathlib.Path(path)) as ledger:\n"
        "    print('ready', flush=True); sys.stdin.readline()\n"
        "    options = PushOptions(plan=script_plan())\n"
        "    try: push(options, kaggle, ledger, time, NullReporter()); print('pushed')\n"
        "    except Refused as refused: print(refused.code)\n"
    )
    arguments = [local_kaggle.endpoint, local_kaggle.token]
    ledger = str(tmp_path / "ledger.sqlite")
    programs = [start_program(source, *arguments, ledger) for _ in range(3)]
    assert finish_together(programs) == ["pushed", "same_script", "same_script"]
    assert local_kaggle.calls("SaveKernel") == 1
