"""Pushing: what is sent, what keeps it from being sent, and that it is never paid for twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_kaggle import FakeKaggle
from support.jobs import intent_to_push, job
from support.local_kaggle import LocalKaggle
from support.local_setup import LAST_WEEK, LocalSetup

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain import accelerators
from kitctl.domain.metadata import Metadata, Sources
from kitctl.domain.runs import KernelRef, RunRef, Status
from kitctl.errors import NetworkFailed, Refused, hint_text
from kitctl.operations.push import PushOptions, PushResult, push, save_request
from kitctl.operations.shared.lost_pushes import settle_lost_pushes
from kitctl.packing import bundle
from kitctl.packing.bundle import Plan
from kitctl.ports import AnswerLost

KERNEL = KernelRef("local", "small-job")
TESTS = Path(__file__).resolve().parent.parent
SLEEPER = """
import os, re, time
print("session", re.search(r"-(\\d+)-webtier", os.environ["KAGGLE_CONTAINER_NAME"])[1], flush=True)
time.sleep(600)
"""


def plan(script: str = "print('hello')", **details: Any) -> Plan:
    """A lone script on the CPU; `details` replace fields of its metadata."""
    told = {
        "owner": "",
        "slug": "small-job",
        "title": "Small job",
        "code_file": "train.py",
        "language": "python",
        "kernel_type": "script",
    }
    return bundle.plan_single_file(Metadata(**{**told, **details}), script.encode())


def on_gpu(script: str = "import torch; torch.cuda", **details: Any) -> Plan:
    return plan(script, accelerator=accelerators.T4X2, **details)


def send(setup: LocalSetup, made: Plan, **order: Any) -> PushResult:
    return push(
        PushOptions(plan=made, **order), setup.kaggle, setup.ledger, setup.clock, setup.reporter
    )


def refusal(setup: LocalSetup, made: Plan, **order: Any) -> Refused:
    """The refusal of a push, of which the server must have seen nothing."""
    sent = setup.server.calls("SaveKernel")
    with pytest.raises(Refused) as caught:
        send(setup, made, **order)
    assert setup.server.calls("SaveKernel") == sent
    return caught.value


def test_a_push_starts_a_run_and_the_ledger_knows_it(setup: LocalSetup) -> None:
    pushed = send(setup, on_gpu(), timeout_seconds=3600)
    assert pushed.run.name == "local/small-job/1"
    known = setup.ledger.latest("local", KernelRef("local", "small-job"))
    assert known == pushed.run and known.status is Status.QUEUED
    data = pushed.as_data()
    assert (data["version"], data["accelerator"]) == (1, "NvidiaTeslaT4")
    assert data["forecast_seconds"] == 3600
    assert data["quota"]["left_seconds"] == 30 * 3600
    assert data["url"].endswith("/local/small-job")


def test_another_accounts_kernel_is_not_pushed_to(setup: LocalSetup) -> None:
    assert refusal(setup, plan(owner="somebody-else")).code == "wrong_account"


# Guards.


def test_the_same_script_is_not_run_twice(setup: LocalSetup) -> None:
    send(setup, plan())
    setup.server.wait("small-job")
    error = refusal(setup, plan())
    assert error.code == "same_script" and "local/small-job/1" in error.message
    assert send(setup, plan(), force=True).run.version == 2


def test_the_same_script_is_not_sent_while_it_runs(setup: LocalSetup) -> None:
    send(setup, plan(SLEEPER))
    error = refusal(setup, plan(SLEEPER, slug="other-job", title="Other job"))
    assert error.code == "same_script"


def test_a_script_that_failed_may_be_pushed_again(setup: LocalSetup) -> None:
    send(setup, plan("raise SystemExit(1)"))
    assert setup.server.wait("small-job") == "ERROR"
    assert send(setup, plan("raise SystemExit(1)")).run.version == 2


def test_other_settings_sources_or_machines_are_another_job() -> None:
    jobs = [
        plan(),
        plan("print('else')"),
        on_gpu("print('hello')"),
        plan(sources=Sources(datasets=("a/b",))),
    ]
    assert len({made.script_sha256 for made in jobs}) == len(jobs)


def test_a_second_run_of_a_kernel_is_refused(setup: LocalSetup) -> None:
    send(setup, plan(SLEEPER))
    error = refusal(setup, plan("print('another')"))
    assert error.code == "run_under_way" and "--replace" in hint_text(error.hint)


def test_a_run_that_was_started_elsewhere_counts_too(setup: LocalSetup) -> None:
    setup.server.push("small-job", SLEEPER)
    error = refusal(setup, plan())
    assert error.code == "run_under_way" and "local/small-job/1" in error.message


def test_replace_cancels_the_run_under_way_first(setup: LocalSetup) -> None:
    send(setup, plan(SLEEPER))
    pushed = send(setup, plan("print('another')"), replace=True)
    assert pushed.run.version == 2
    assert setup.server.status("small-job", 1) == "CANCEL_ACKNOWLEDGED"
    first = setup.ledger.get("local", RunRef(KernelRef("local", "small-job"), 1))
    assert first and first.status is Status.CANCEL_ACKNOWLEDGED


def test_replace_cancels_nothing_for_a_push_that_is_refused_anyway(setup: LocalSetup) -> None:
    send(setup, plan(SLEEPER))
    missing = Sources(datasets=("local/there-is-none",))
    assert refusal(setup, plan(sources=missing), replace=True).code == "source_missing"
    assert setup.server.status("small-job", 1) in {"QUEUED", "RUNNING"}


def test_a_missing_source_is_refused_and_named(setup: LocalSetup) -> None:
    sources = Sources(datasets=("local/there-is-none",), kernels=("local/nor-this",))
    error = refusal(setup, plan(sources=sources))
    assert error.code == "source_missing"
    assert {problem.where for problem in error.problems} == set(sources.all)
    forced = send(setup, plan(sources=sources), force=True)
    assert any("there-is-none" in warning for warning in forced.warnings)


def test_what_the_quota_cannot_hold_is_refused(setup: LocalSetup) -> None:
    setup.server.settings(gpu_allowed_seconds=3600)
    error = refusal(setup, on_gpu(), timeout_seconds=2 * 3600)
    assert error.code == "quota_exceeded"
    assert send(setup, on_gpu(), timeout_seconds=2 * 3600, force=True).run.version == 1


def test_a_third_gpu_session_is_refused(setup: LocalSetup) -> None:
    for slug in ("first-job", "second-job"):
        made = on_gpu(f"{SLEEPER}# {slug}", slug=slug, title=slug.replace("-", " "))
        send(setup, made, timeout_seconds=60)
    assert refusal(setup, on_gpu(), timeout_seconds=60).code == "sessions_full"


def test_what_kaggle_refuses_is_no_run(setup: LocalSetup) -> None:
    for slug in ("first-job", "second-job"):
        setup.server.push(slug, SLEEPER, machineShape="NvidiaTeslaT4")
    with pytest.raises(Refused, match="Maximum batch GPU session count") as caught:
        send(setup, on_gpu(), timeout_seconds=60)
    assert caught.value.code == "push_refused"
    assert setup.ledger.runs("local", None) == []


# Lost answers.


def test_a_lost_answer_leads_to_one_run(setup: LocalSetup) -> None:
    setup.server.fault("lost_answer", "SaveKernel")
    pushed = send(setup, plan())
    assert pushed.run.version == 1
    assert setup.server.calls("SaveKernel") == 1
    newest = setup.kaggle.newest_version(KernelRef("local", "small-job"))
    assert newest and newest.run.version == 1


def test_a_push_that_never_arrived_is_sent_again(setup: LocalSetup) -> None:
    setup.server.fault("status", "SaveKernel", status=429, retry_after=0, count=2)
    assert send(setup, plan()).run.version == 1
    assert setup.server.calls("SaveKernel") == 3


def test_a_push_of_an_older_twin_is_not_taken_for_the_lost_one(setup: LocalSetup) -> None:
    setup.server.seed("small-job", source="print('hello')", **LAST_WEEK)
    setup.server.fault("status", "SaveKernel", status=500, count=1)
    assert send(setup, plan()).run.version == 2


def test_a_push_whose_fate_is_unknown_stays_in_the_ledger_and_is_found_later(
    local_kaggle: LocalKaggle, setup: LocalSetup
) -> None:
    impatient = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=0.5)
    impatient.account()
    local_kaggle.fault("lost_answer", "SaveKernel", count=1)
    local_kaggle.fault("status", "GetKernel", status=503, count=None)
    run = setup.ledger.admit(
        intent_to_push("print(7)", service="local", account="local", kernel=KERNEL, pool="cpu"),
        lambda pending: None,
    )
    with pytest.raises(NetworkFailed) as caught:
        impatient.save(job(KERNEL, "print(7)"), 0)
    assert isinstance(caught.value, AnswerLost)
    local_kaggle.clear_faults()
    (found,) = settle_lost_pushes(setup.kaggle, setup.ledger)
    assert (found.id, found.version, found.status) == (run.id, 1, Status.QUEUED)


def test_an_intent_that_kaggle_never_took_is_forgotten_but_not_too_soon(setup: LocalSetup) -> None:
    run = setup.ledger.admit(
        intent_to_push(service="local", account="local", kernel=KERNEL), lambda pending: None
    )
    assert settle_lost_pushes(setup.kaggle, setup.ledger) == []
    assert [kept.id for kept in setup.ledger.unfinished_runs("local", "local")] == [run.id]
    setup.ledger.record_lost_answer(run.id, setup.kaggle.now() - 1)
    assert settle_lost_pushes(setup.kaggle, setup.ledger) == []
    assert setup.ledger.unfinished_runs("local", "local") == []


def test_two_intents_of_one_script_find_a_version_each(tmp_path: Path) -> None:
    kaggle, kernel = FakeKaggle(), KernelRef("ada", "car-or-truck")
    for _ in range(2):
        kaggle.save(job(kernel, "print(1)"), 0)
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        for _ in range(3):
            ledger.admit(intent_to_push(), lambda pending: None)
        found = settle_lost_pushes(kaggle, ledger)
        assert [run.version for run in found] == [1, 2]


@pytest.fixture
def killed_after(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Any]:
    """Runs a push in a program of its own that is killed right after the named step."""

    def run(step: str) -> None:
        program = (
            "import os, signal, sys, time, pathlib\n"
            "from kitctl.adapters.kaggle import connect_local\n"
            "from kitctl.adapters.ledger import SqliteLedger\n"
            "from kitctl.operations.shared.reporter import NullReporter\n"
            "from kitctl.operations.push import PushOptions, push\n"
            "sys.path.insert(0, sys.argv[4])\n"
            "from test_push import plan\n"
            "step, endpoint, token = sys.argv[1:4]\n"
            "ledger = SqliteLedger(pathlib.Path(sys.argv[5]))\n"
            "kaggle = connect_local(endpoint, token)\n"
            "def then_die(function):\n"
            "    def call(*given):\n"
            "        function(*given)\n"
            "        os.kill(os.getpid(), signal.SIGKILL)\n"
            "    return call\n"
            "owner = ledger if step in ('admit', 'record_version') else kaggle\n"
            "setattr(owner, step, then_die(getattr(owner, step)))\n"
            "push(PushOptions(plan=plan()), kaggle, ledger, time, NullReporter())\n"
        )
        arguments = [step, local_kaggle.endpoint, local_kaggle.token, str(TESTS / "operations")]
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments, str(tmp_path / "ledger.sqlite")],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            timeout=60,
            capture_output=True,
            text=True,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr

    yield run


@pytest.mark.parametrize(("step", "runs"), [("admit", 0), ("save", 1), ("record_version", 1)])
def test_killed_between_two_steps_no_run_is_lost_and_none_is_paid_for_twice(
    setup: LocalSetup, killed_after: Any, step: str, runs: int
) -> None:
    killed_after(step)
    assert setup.server.calls("SaveKernel") == runs
    # Whatever was cut off counts as under way until it is known.
    error = refusal(setup, plan())
    assert error.code == "same_script"
    known = [run.version for run in setup.ledger.runs("local", "local")]
    assert known == ([1] if runs else [None])
    if not runs:
        (intent,) = setup.ledger.unfinished_runs("local", "local")
        setup.ledger.record_lost_answer(intent.id, setup.kaggle.now() - 1)
        assert send(setup, plan()).run.version == 1
        assert len(setup.ledger.runs("local", "local")) == 1


def test_two_pushes_at_once_of_the_same_job_make_one_run(
    setup: LocalSetup, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from kitctl.adapters.kaggle import connect_local\n"
        "from kitctl.adapters.ledger import SqliteLedger\n"
        "from kitctl.errors import Refused\n"
        "from kitctl.operations.shared.reporter import NullReporter\n"
        "from kitctl.operations.push import PushOptions, push\n"
        "endpoint, token, tests, path = sys.argv[1:5]\n"
        "sys.path.insert(0, tests)\n"
        "from test_push import plan\n"
        "kaggle = connect_local(endpoint, token)\n"
        "with SqliteLedger(pathlib.Path(path)) as ledger:\n"
        "    print('ready', flush=True); sys.stdin.readline()\n"
        "    options = PushOptions(plan=plan())\n"
        "    try: push(options, kaggle, ledger, time, NullReporter()); print('pushed')\n"
        "    except Refused as refused: print(refused.code)\n"
    )
    arguments = [local_kaggle.endpoint, local_kaggle.token, str(TESTS / "operations")]
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments, str(tmp_path / "ledger.sqlite")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )
        for _ in range(3)
    ]
    for one in programs:
        assert one.stdout and one.stdout.readline() == "ready\n"
    for one in programs:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    answers = sorted(one.communicate(timeout=60)[0].strip() for one in programs)
    assert answers == ["pushed", "same_script", "same_script"]
    assert local_kaggle.calls("SaveKernel") == 1


# What is sent.


def test_a_notebook_is_sent_as_kaggle_wants_it() -> None:
    cell = {"cell_type": "code", "source": ["a = 1\n", "a"], "outputs": ["secret"], "metadata": {}}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    made = plan(json.dumps(notebook), code_file="n.ipynb", kernel_type="notebook")
    (sent,) = json.loads(save_request(made, "ada", None).text)["cells"]
    assert (sent["source"], sent["outputs"]) == ("a = 1\na", [])


def test_the_owner_is_filled_in() -> None:
    assert str(save_request(plan(), "ada", None).kernel) == "ada/small-job"
    assert str(save_request(plan(owner="bob"), "ada", None).kernel) == "bob/small-job"


def test_a_title_that_moves_the_kernel_is_told(setup: LocalSetup) -> None:
    pushed = send(setup, plan(title="Quite another title"))
    assert pushed.run.intent.kernel.slug == "quite-another-title"
    assert any("quite-another-title" in warning for warning in pushed.warnings)
    assert setup.ledger.latest("local", pushed.run.intent.kernel) == pushed.run
