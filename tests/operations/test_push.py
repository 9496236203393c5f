"""`push`: what is sent, and what the guards refuse."""

from __future__ import annotations

from typing import Any

import pytest
from support.local_setup import LocalSetup
from support.notebooks import notebook
from support.plans import gpu_plan, script_plan
from support.pushed_runs import PRINT_SESSION

from kitctl.domain.job.metadata import Sources
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.errors import Refused, hint_text
from kitctl.operations.push import PushOptions, PushResult, push
from kitctl.operations.quota import show_quota
from kitctl.packing.plan import Plan

SLEEPING = f"{PRINT_SESSION}time.sleep(600)\n"


def send(setup: LocalSetup, plan: Plan, **options: Any) -> PushResult:
    return push(
        PushOptions(plan=plan, **options), setup.kaggle, setup.ledger, setup.clock, setup.reporter
    )


def refusal(setup: LocalSetup, plan: Plan, **options: Any) -> Refused:
    """Return the refusal of a push, of which the server has seen nothing."""
    sent = setup.server.calls("SaveKernel")
    with pytest.raises(Refused) as caught:
        send(setup, plan, **options)
    assert setup.server.calls("SaveKernel") == sent
    return caught.value


def test_a_push_starts_a_run_and_records_it_in_the_ledger(setup: LocalSetup) -> None:
    pushed = send(setup, gpu_plan(), timeout_seconds=3600)
    assert pushed.run.name == "local/small-job/1"
    recorded = setup.ledger.latest("local", KernelRef("local", "small-job"))
    assert recorded == pushed.run and recorded.status is Status.QUEUED
    data = pushed.as_data()
    assert (data["version"], data["accelerator"]) == (1, "NvidiaTeslaT4")
    assert data["forecast_seconds"] == 3600
    assert data["quota"]["left_seconds"] == 30 * 3600
    assert data["url"].endswith("/local/small-job")


def test_another_accounts_kernel_is_not_pushed_to(setup: LocalSetup) -> None:
    setup.kaggle.service = "kaggle"
    assert refusal(setup, script_plan(owner="somebody-else")).code == "wrong_account"


def test_the_local_kaggles_account_stands_in_for_every_owner(setup: LocalSetup) -> None:
    pushed = send(setup, script_plan(owner="somebody-else"))
    assert pushed.run.name == "local/small-job/1" and not pushed.warnings


def test_the_same_script_is_not_run_twice(setup: LocalSetup) -> None:
    send(setup, script_plan())
    setup.server.wait("small-job")
    error = refusal(setup, script_plan())
    assert error.code == "same_script" and "local/small-job/1" in error.message
    assert send(setup, script_plan(), force=True).run.version == 2


def test_the_same_script_is_not_sent_while_it_runs(setup: LocalSetup) -> None:
    send(setup, script_plan(SLEEPING))
    assert refusal(setup, script_plan(SLEEPING)).code == "same_script"
    other = send(setup, script_plan(SLEEPING, slug="other-job", title="Other job"))
    assert other.warnings == ("Another kernel has this very script: local/small-job/1.",)


def test_a_script_that_failed_may_be_pushed_again(setup: LocalSetup) -> None:
    send(setup, script_plan("raise SystemExit(1)"))
    assert setup.server.wait("small-job") == "ERROR"
    assert send(setup, script_plan("raise SystemExit(1)")).run.version == 2


def test_other_settings_sources_or_machines_are_another_job() -> None:
    jobs = [
        script_plan(),
        script_plan("print('else')"),
        gpu_plan("print('hello')"),
        script_plan(sources=Sources(datasets=("a/b",))),
    ]
    assert len({plan.script_sha256 for plan in jobs}) == len(jobs)


def test_a_second_run_of_a_kernel_is_refused(setup: LocalSetup) -> None:
    send(setup, script_plan(SLEEPING))
    error = refusal(setup, script_plan("print('another')"))
    assert error.code == "run_under_way" and "--replace" in hint_text(error.hint)


def test_a_run_of_the_kernel_that_was_not_pushed_from_here_counts_too(setup: LocalSetup) -> None:
    setup.server.push("small-job", SLEEPING)
    error = refusal(setup, script_plan())
    assert error.code == "run_under_way" and "local/small-job/1" in error.message


def test_replace_cancels_the_run_under_way_first(setup: LocalSetup) -> None:
    send(setup, script_plan(SLEEPING))
    pushed = send(setup, script_plan("print('another')"), replace=True)
    assert pushed.run.version == 2
    assert setup.server.status("small-job", 1) == "CANCEL_ACKNOWLEDGED"
    first = setup.ledger.get("local", RunRef(KernelRef("local", "small-job"), 1))
    assert first and first.status is Status.CANCEL_ACKNOWLEDGED


def test_replace_cancels_nothing_for_a_push_that_is_refused_anyway(setup: LocalSetup) -> None:
    send(setup, script_plan(SLEEPING))
    missing = Sources(datasets=("local/there-is-none",))
    assert refusal(setup, script_plan(sources=missing), replace=True).code == "source_missing"
    assert setup.server.status("small-job", 1) in {"QUEUED", "RUNNING"}


def test_a_missing_source_is_refused_and_named(setup: LocalSetup) -> None:
    sources = Sources(datasets=("local/there-is-none",), kernels=("local/nor-this",))
    error = refusal(setup, script_plan(sources=sources))
    assert error.code == "source_missing"
    assert {problem.where for problem in error.problems} == set(sources.all)
    forced = send(setup, script_plan(sources=sources), force=True)
    assert any("there-is-none" in warning for warning in forced.warnings)


def test_push_refuses_when_the_quota_cannot_hold_it(setup: LocalSetup) -> None:
    setup.server.settings(gpu_allowed_seconds=3600)
    error = refusal(setup, gpu_plan(), timeout_seconds=2 * 3600)
    assert error.code == "quota_exceeded"
    assert send(setup, gpu_plan(), timeout_seconds=2 * 3600, force=True).run.version == 1


def test_a_third_gpu_session_is_refused(setup: LocalSetup) -> None:
    for slug in ("first-job", "second-job"):
        plan = gpu_plan(f"{SLEEPING}# {slug}", slug=slug, title=slug.replace("-", " "))
        send(setup, plan, timeout_seconds=60)
    assert refusal(setup, gpu_plan(), timeout_seconds=60).code == "sessions_full"


def test_a_push_that_kaggle_refuses_leaves_no_run_in_the_ledger(setup: LocalSetup) -> None:
    for slug in ("first-job", "second-job"):
        setup.server.push(slug, SLEEPING, machineShape="NvidiaTeslaT4")
    with pytest.raises(Refused, match="Maximum batch GPU session count") as caught:
        send(setup, gpu_plan(), timeout_seconds=60)
    assert caught.value.code == "push_refused"
    assert setup.ledger.runs("local", None) == []


def test_advice_on_the_accelerator_reads_a_notebooks_code(setup: LocalSetup) -> None:
    for number, (source, advice) in enumerate((("import os\nimport torch.nn", 0), ("# torch", 1))):
        details = {"code_file": "n.ipynb", "kernel_type": "notebook", "title": f"Note {number}"}
        plan = gpu_plan(notebook(source), slug=f"note-{number}", **details)
        warnings = send(setup, plan, timeout_seconds=60).warnings
        assert sum("on CPU work" in warning for warning in warnings) == advice


def test_a_short_run_that_nobody_watched_counts_what_its_log_says(setup: LocalSetup) -> None:
    pushed = send(setup, gpu_plan("print('torch.cuda', flush=True)"), timeout_seconds=3600)
    setup.server.wait("small-job")
    setup.server.advance(98)
    setup.kaggle.quota()
    report = show_quota(setup.kaggle, setup.ledger, setup.reporter)
    (use,) = report.runs
    assert use.run == pushed.run.name and use.seconds < 20
    assert report.as_data()["outside_seconds"] >= 0
