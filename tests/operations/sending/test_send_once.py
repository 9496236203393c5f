"""A push is sent once, whatever the answer: what Kaggle and the ledger then show decides."""

from __future__ import annotations

import contextlib
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.jobs import save_request
from support.local_kaggle import until
from support.local_setup import LAST_WEEK, LocalSetup
from support.plans import script_plan
from support.server_clock import ServerClock

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.run import NOT_SHOWN_SECONDS, KernelRef, Run
from kitctl.errors import Interrupted, InvalidInput, KitError, NetworkFailed, Refused, hint_text
from kitctl.operations.push import PushOptions, PushResult, push
from kitctl.packing.plan import Plan
from kitctl.ports import AnswerLost

KERNEL = KernelRef("local", "small-job")

UNREADABLE = [
    ("an HTML page", 200, b"<html>Please log in</html>", {}),
    ("nothing", 200, b"", {}),
    ("no content", 204, b"", {}),
    ("a redirect", 302, b"", {"Location": "/login"}),
    ("a cut gzip", 200, gzip.compress(b'{"versionNumber": 1}')[:20], {"Content-Encoding": "gzip"}),
    ("a cut JSON", 200, b'{"versionNumber": 1, "ref', {}),
    ("null", 200, b"null", {}),
    ("a list", 200, b"[]", {}),
    ("no version", 200, b"{}", {}),
    ("too many requests", 429, b'{"code": 429, "message": "slow down"}', {"Retry-After": "0"}),
    ("an error without words", 403, b"", {}),
    ("a proxy's error", 524, b"<html>A timeout occurred</html>", {}),
    ("an error of Kaggle's", 500, b'{"error": {"code": 500, "message": "oh"}}', {}),
    ("an error inside a 200", 200, b'{"code": 503, "message": "later"}', {}),
]
each_unreadable_answer = pytest.mark.parametrize(
    ("status", "body", "headers"), [case[1:] for case in UNREADABLE], ids=[c[0] for c in UNREADABLE]
)


@pytest.fixture
def setup(setup: LocalSetup) -> LocalSetup:
    """A setup in which waiting takes no time."""
    setup.clock = ServerClock(setup.server)
    return setup


def send(setup: LocalSetup, plan: Plan) -> PushResult:
    return push(PushOptions(plan=plan), setup.kaggle, setup.ledger, setup.clock, setup.reporter)


def refusal(setup: LocalSetup, plan: Plan) -> Refused:
    """Return the refusal of a push."""
    with pytest.raises(Refused) as caught:
        send(setup, plan)
    return caught.value


def versions_at_kaggle(setup: LocalSetup) -> int:
    newest = setup.kaggle.newest_version(KERNEL)
    return newest.run.version if newest else 0


def test_a_lost_answer_leads_to_one_run(setup: LocalSetup) -> None:
    setup.server.fault("lost_answer", "SaveKernel")
    pushed = send(setup, script_plan())
    assert pushed.run.version == 1
    assert not any("source" in line for line in setup.reporter.lines)
    assert (setup.server.calls("SaveKernel"), versions_at_kaggle(setup)) == (1, 1)


@each_unreadable_answer
def test_an_answer_that_says_nothing_clear_is_a_lost_answer(
    setup: LocalSetup, status: int, body: bytes, headers: dict[str, str]
) -> None:
    setup.server.answer("SaveKernel", body, status, headers, after_effect=True)
    assert send(setup, script_plan()).run.version == 1
    assert (setup.server.calls("SaveKernel"), versions_at_kaggle(setup)) == (1, 1)


@each_unreadable_answer
def test_in_doubt_nothing_is_sent_again_and_the_ledger_keeps_the_push(
    setup: LocalSetup, status: int, body: bytes, headers: dict[str, str]
) -> None:
    setup.server.answer("SaveKernel", body, status, headers)
    with pytest.raises(AnswerLost) as caught:
        send(setup, script_plan())
    assert setup.server.calls("SaveKernel") == 1
    assert "it was not sent again" in caught.value.message
    assert hint_text(caught.value.hint).startswith("kitctl runs")
    assert refusal(setup, script_plan()).code == "same_script"
    setup.server.advance(NOT_SHOWN_SECONDS)
    assert send(setup, script_plan()).run.version == 1


@pytest.mark.parametrize("seconds", [8.0, 60.0])
def test_a_push_that_takes_effect_late_is_found_and_not_paid_for_again(
    setup: LocalSetup, seconds: float
) -> None:
    setup.server.answer("SaveKernel", status=502, after_effect=True, effect_after_seconds=seconds)
    with contextlib.suppress(AnswerLost):
        send(setup, script_plan())
    for waits in (0, 30, 60):
        setup.server.advance(waits)
        assert refusal(setup, script_plan()).code == "same_script"
    until(lambda: versions_at_kaggle(setup))
    setup.server.advance(NOT_SHOWN_SECONDS)
    assert refusal(setup, script_plan()).code == "same_script"
    assert versions_at_kaggle(setup) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_kernel_that_kaggle_does_not_show_for_minutes_is_not_pushed_again(
    setup: LocalSetup, status: int
) -> None:
    setup.server.hide_new_versions(600, status)
    setup.server.fault("lost_answer", "SaveKernel")
    with pytest.raises(AnswerLost):
        send(setup, script_plan())
    for waits in (60, 300, 300):
        assert refusal(setup, script_plan()).code == "same_script"
        setup.server.advance(waits)
    assert refusal(setup, script_plan()).code == "same_script"
    (run,) = setup.ledger.runs("local", "local")
    assert run.version == 1


def test_a_version_number_that_comes_as_text_is_understood(setup: LocalSetup) -> None:
    setup.server.answer("SaveKernel", b'{"versionNumber": "1"}', after_effect=True)
    assert send(setup, script_plan()).run.version == 1
    assert setup.server.calls("SaveKernel") == 1


@pytest.mark.parametrize("nested", [True, False])
def test_a_refusal_in_kaggles_own_words_is_shown_and_leaves_no_run(
    setup: LocalSetup, nested: bool
) -> None:
    error = {"code": 400, "message": "The kernel source must be smaller."}
    body = json.dumps({"error": error} if nested else error)
    setup.server.answer("SaveKernel", body, 400)
    with pytest.raises(KitError, match="The kernel source must be smaller"):
        send(setup, script_plan())
    assert setup.ledger.runs("local", None) == []


def test_a_push_that_did_not_leave_this_machine_is_tried_again_and_not_in_doubt() -> None:
    tries: list[str] = []
    kaggle = connect_local("http://127.0.0.1:9", "t", on_wait=tries.append, total_seconds=1)
    with pytest.raises(NetworkFailed) as caught:
        kaggle.save(save_request(KERNEL, "print(1)"))
    assert caught.value.code == "unreachable" and tries


def test_an_older_version_is_not_taken_for_a_lost_push(setup: LocalSetup) -> None:
    setup.server.seed("small-job", source="print('older')", **LAST_WEEK)
    setup.server.fault("status", "SaveKernel", status=500, count=1)
    with pytest.raises(AnswerLost):
        send(setup, script_plan())
    (run,) = setup.ledger.runs("local", "local")
    assert run.version is None


def test_a_version_with_a_source_that_kaggle_changed_is_not_paid_for_again(
    setup: LocalSetup,
) -> None:
    changed = "print('hello')\n" + "# a line\n" * 9
    setup.server.answer("SaveKernel", status=500)
    with pytest.raises(AnswerLost):
        send(setup, script_plan())
    setup.server.push("small-job", changed)
    setup.reporter.lines.clear()
    assert refusal(setup, script_plan()).code == "same_script"
    (run,) = setup.ledger.runs("local", "local")
    assert run.version == 1
    (warning,) = setup.reporter.lines
    assert "local/small-job/1" in warning and "its source is another" in warning


def test_a_script_that_another_machine_has_pushed_is_not_run_again(
    setup: LocalSetup, tmp_path: Path
) -> None:
    send(setup, script_plan())
    setup.server.wait("small-job")
    with SqliteLedger(tmp_path / "another.sqlite") as ledger:
        another = replace(setup, ledger=ledger)
        error = refusal(another, script_plan())
        assert error.code == "same_script" and "local/small-job/1" in error.message
        options = PushOptions(plan=script_plan(), force=True)
        forced = push(options, setup.kaggle, ledger, setup.clock, setup.reporter)
        assert forced.run.version == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_script_that_another_machine_pushed_a_moment_ago_is_not_paid_for_again(
    setup: LocalSetup, tmp_path: Path, status: int
) -> None:
    setup.server.hide_new_versions(600, status)
    send(setup, script_plan())
    with SqliteLedger(tmp_path / "another.sqlite") as ledger:
        another = replace(setup, ledger=ledger)
        assert refusal(another, script_plan()).code == "kernel_not_shown"
        setup.server.advance(601)
        assert refusal(another, script_plan()).code == "same_script"
    assert versions_at_kaggle(setup) == 1


def test_a_kernel_without_any_session_can_be_pushed(setup: LocalSetup) -> None:
    setup.server.take_pushes_without_runs()
    setup.server.push("small-job", "print('saved in the editor')")
    setup.server.settings(pushes_start_runs=1)
    assert send(setup, script_plan()).run.version == 2


def test_ctrl_c_while_sending_says_that_a_run_may_be_under_way(setup: LocalSetup) -> None:
    class Interrupting(ServerClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    setup.clock = Interrupting(setup.server)
    setup.server.fault("lost_answer", "SaveKernel")
    with pytest.raises(Interrupted, match="a run may be under way"):
        send(setup, script_plan())
    assert refusal(setup, script_plan()).code == "same_script"


def test_a_full_disk_after_the_push_says_that_the_run_is_under_way(
    setup: LocalSetup, tmp_path: Path
) -> None:
    class FullDisk(SqliteLedger):
        def record_version(self, run_id: int, kernel: KernelRef, version: int, at: float) -> Run:
            raise InvalidInput("The disk is full.", code="disk_full")

    with FullDisk(tmp_path / "full.sqlite") as ledger:
        setup.ledger = ledger
        with pytest.raises(InvalidInput) as caught:
            send(setup, script_plan())
    assert "local/small-job/1 is under way" in caught.value.message
