"""Guards against a push that is sent twice, during another run, or without its inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.runs import intent, run

from kitctl.domain.quota.push_guards import (
    SameScriptElsewhere,
    as_warnings,
    hidden_kernel_guard,
    same_script_guard,
    sources_guard,
    tpu_image_guard,
    under_way_guard,
)
from kitctl.domain.quota.quota_guards import Guard
from kitctl.domain.runs.run import KernelRef, Run, RunRef, Status
from kitctl.errors import Problem, Refused, hint_text

SHA256 = "a" * 64
PUSH = intent(script_sha256=SHA256)


def refusal(guard: Guard, *pending: Run) -> Refused:
    with pytest.raises(Refused) as caught:
        guard(pending)
    return caught.value


@pytest.mark.parametrize(
    ("status", "state", "command"),
    [
        (Status.COMPLETE, "has run already", "kitctl pull-results 3"),
        (Status.QUEUED, "is queued already", "kitctl logs -f 3"),
        (Status.RUNNING, "is running already", "kitctl logs -f 3"),
    ],
)
def test_a_script_that_the_ledger_knows_is_refused_with_the_command_for_its_state(
    status: Status, state: str, command: str
) -> None:
    earlier = run(0, None, version=3, status=status, script_sha256=SHA256)
    error = refusal(same_script_guard(PUSH, [earlier]))
    assert error.code == "same_script"
    assert f"{state}, as ada/cars/3; nothing was sent" in error.message
    assert hint_text(error.hint).startswith(command)


def test_a_script_that_is_being_pushed_now_is_refused() -> None:
    pending = run(None, None, version=None, status=Status.SENDING, script_sha256=SHA256)
    error = refusal(same_script_guard(PUSH, []), pending)
    assert error.code == "same_script" and "is being sent already" in error.message
    assert hint_text(error.hint).startswith("kitctl runs")


def test_a_script_that_only_kaggle_knows_is_refused_too() -> None:
    elsewhere = SameScriptElsewhere(RunRef(KernelRef("ada", "cars"), 7), Status.RUNNING)
    error = refusal(same_script_guard(PUSH, [], elsewhere))
    assert "is running already, as ada/cars/7; nothing was sent" in error.message


def test_another_script_passes() -> None:
    others = [run(0, None, status=Status.RUNNING, script_sha256="b" * 64)]
    assert same_script_guard(PUSH, [])(others) == []


@pytest.mark.parametrize("status", [Status.COMPLETE, Status.RUNNING])
def test_the_same_script_of_another_kernel_is_a_warning(status: Status) -> None:
    other = run(0, None, kernel="ada/boats", version=2, status=status, script_sha256=SHA256)
    warnings = same_script_guard(PUSH, [other])([])
    assert warnings == ["Another kernel has this very script: ada/boats/2."]


def test_a_kernel_that_was_renamed_is_the_same_one() -> None:
    job_kernel = KernelRef("ada", "first-name")
    earlier = run(
        0, None, kernel="ada/boats", version=2, status=Status.COMPLETE, script_sha256=SHA256
    )
    renamed = replace(earlier, intent=replace(earlier.intent, job_kernel=job_kernel))
    push = replace(PUSH, job_kernel=job_kernel)
    assert "as ada/boats/2" in refusal(same_script_guard(push, [renamed])).message


def test_a_second_run_of_the_kernel_is_refused() -> None:
    running = run(0, None, version=4, status=Status.RUNNING)
    error = refusal(under_way_guard(PUSH, None), running)
    assert error.code == "run_under_way"
    assert "ada/cars/4" in error.message


def test_a_run_of_the_kernel_that_was_pushed_by_others_counts_too() -> None:
    foreign = RunRef(KernelRef("ada", "cars"), 5)
    assert "ada/cars/5" in refusal(under_way_guard(PUSH, foreign)).message


def test_a_run_of_another_kernel_does_not_count() -> None:
    other = run(0, None, kernel="ada/boats", status=Status.RUNNING)
    assert under_way_guard(PUSH, None)([other]) == []


def test_a_job_with_missing_sources_is_refused_with_each_of_them() -> None:
    problem = Problem("ada/photos", "Kaggle shows no such source.")
    error = refusal(sources_guard([problem]))
    assert (error.code, error.problems) == ("source_missing", (problem,))
    assert sources_guard([])([]) == []


def test_with_force_a_refusal_becomes_a_warning_that_does_not_say_nothing_was_sent() -> None:
    problem = Problem("ada/photos", "Kaggle shows no such source.")
    warnings = as_warnings(sources_guard([problem]))([])
    assert warnings == [
        "Not all data sources of this job can be mounted.",
        "ada/photos: Kaggle shows no such source.",
    ]
    assert as_warnings(sources_guard([]))([]) == []


@pytest.mark.parametrize(
    "guard",
    [
        under_way_guard(PUSH, RunRef(KernelRef("ada", "cars"), 5)),
        hidden_kernel_guard(PUSH, True),
        tpu_image_guard(intent(pool="tpu")),
        same_script_guard(PUSH, [run(0, None, version=3, script_sha256=SHA256)]),
    ],
)
def test_no_guard_that_only_warns_says_that_nothing_was_sent(guard: Guard) -> None:
    assert refusal(guard).message.endswith("; nothing was sent.")
    (warning,) = as_warnings(guard)([])
    assert "nothing was sent" not in warning and warning.endswith(".")
