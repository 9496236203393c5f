"""The kernel that a push saves to, by the job's id, id_no and title."""

from __future__ import annotations

import pytest
from support.local_setup import LocalSetup
from support.plans import job_metadata, script_plan

from kitctl.domain.runs.run import KernelRef
from kitctl.errors import InvalidInput, KitError, Refused
from kitctl.operations.push import PushOptions, PushResult, push
from kitctl.operations.sending.job_kernel import find_job_kernel

STAGE = {"owner": "alice", "slug": "stage-train", "title": "Model Training Stage (TPU)"}


def send(setup: LocalSetup, script: str, **metadata: object) -> PushResult:
    """Push a script; its run ends before the next push."""
    pushed = push(
        PushOptions(plan=script_plan(script, **metadata), force=True),
        setup.kaggle,
        setup.ledger,
        setup.clock,
        setup.reporter,
    )
    setup.server.wait(pushed.run.intent.kernel.slug, pushed.run.version or 0)
    return pushed


def kernel_number(setup: LocalSetup, slug: str) -> int:
    number: int = setup.server.call("GetKernel", userName="local", kernelSlug=slug)["metadata"][
        "id"
    ]
    return number


def find_error(setup: LocalSetup, **metadata: object) -> KitError:
    with pytest.raises(KitError) as failure:
        find_job_kernel(job_metadata(**metadata), setup.kaggle, setup.ledger)
    return failure.value


def test_a_new_kernel_is_named_after_its_title_and_found_by_its_id_from_then_on(
    setup: LocalSetup,
) -> None:
    first = send(setup, "print(1)", **STAGE)
    assert first.run.name == "local/model-training-stage-tpu/1"
    assert ["model-training-stage-tpu" in warning for warning in first.warnings] == [True]
    second = send(setup, "print(2)", **STAGE)
    assert second.run.name == "local/model-training-stage-tpu/2"
    latest = setup.ledger.latest("local", KernelRef("local", "stage-train"))
    assert latest is not None and latest.id == second.run.id


def test_a_kernel_that_exists_draws_no_word_on_its_title(setup: LocalSetup) -> None:
    send(setup, "print(1)", slug="stage-train", title="Stage train")
    again = send(setup, "print(2)", **STAGE)
    assert (again.run.name, again.warnings) == ("local/stage-train/2", ())


def test_a_title_of_another_kernel_is_refused_before_kaggle_does(setup: LocalSetup) -> None:
    send(setup, "print(1)", slug="small-job", title="Small job")
    error = find_error(setup, slug="other-job", title="Small job")
    assert isinstance(error, Refused) and error.code == "title_taken"
    assert "local/small-job" in str(error.hint)


def test_only_a_new_kernel_needs_a_title(setup: LocalSetup) -> None:
    error = find_error(setup, slug="small-job", title="")
    assert isinstance(error, InvalidInput)
    assert [problem.where for problem in error.problems] == ["title"]
    send(setup, "print(1)", slug="small-job", title="Small job")
    assert send(setup, "print(2)", slug="small-job", title="").run.version == 2


def test_a_kernel_is_found_by_its_number_alone(setup: LocalSetup) -> None:
    send(setup, "print(1)", slug="small-job", title="Small job")
    send(setup, "print(1)", slug="other-job", title="Other job")
    number = kernel_number(setup, "small-job")
    for title in ("Small job", "A new title", ""):
        by_number = {"slug": "any-name", "has_id": False, "id_no": number, "title": title}
        pushed = send(setup, f"print({title!r})", **by_number)
        assert pushed.run.intent.kernel.slug == "small-job" and not pushed.warnings
    error = find_error(setup, slug="small-job", has_id=False, id_no=987654)
    assert [problem.where for problem in error.problems] == ["id_no"]


def test_a_number_of_another_account_gives_way_to_the_id(setup: LocalSetup) -> None:
    send(setup, "print(1)", slug="small-job", title="Small job")
    pushed = send(setup, "print(2)", slug="small-job", title="Small job", id_no=987654)
    assert pushed.run.name == "local/small-job/2"


def test_a_number_outranks_an_id_that_is_another_kernels(setup: LocalSetup) -> None:
    send(setup, "print(1)", slug="small-job", title="Small job")
    number = kernel_number(setup, "small-job")
    pushed = send(setup, "print(2)", slug="old-name", title="Small job", id_no=number)
    assert pushed.run.name == "local/small-job/2"
    assert ["old-name" in warning for warning in pushed.warnings] == [True]
