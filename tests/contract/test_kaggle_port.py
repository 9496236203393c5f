"""The contract of the port `Kaggle`: for the fake, the local Kaggle and, on demand, kaggle.com.

KITCTL_LIVE_CONTRACT=1 (with credentials) adds kaggle.com, and only to tests that change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from support.fake_kaggle import FakeKaggle
from support.jobs import save_request
from support.local_kaggle import LocalKaggle, until

from kitctl.adapters.kaggle import connect, connect_local
from kitctl.domain.job.metadata import Sources
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.errors import InvalidInput, Refused
from kitctl.ports import Kaggle

CAR_OR_TRUCK = "ryanholbrook/car-or-truck"
LIVE = ["live"] if os.environ.get("KITCTL_LIVE_CONTRACT") == "1" else []


class World(Protocol):
    """A Kaggle, and how to write a script that it runs."""

    kaggle: Kaggle

    def script(self, *directives: str) -> str: ...


@dataclass
class FakeWorld:
    kaggle: FakeKaggle

    def script(self, *directives: str) -> str:
        return "\n".join(directives)


@dataclass
class RealWorld:
    kaggle: Kaggle

    def script(self, *directives: str) -> str:
        """The fake's directives as Python."""
        lines = ["import os, pathlib, re, time"]
        for directive in directives:
            verb, *arguments = directive.split(" ", 2)
            lines.append(_PYTHON[verb](*arguments))
        return "\n".join(lines)


_SESSION = "re.search(r'-(\\d+)-webtier', os.environ['KAGGLE_CONTAINER_NAME'])[1]"
_PYTHON: dict[str, Callable[..., str]] = {
    "print": lambda *texts: (
        f"print('session', {_SESSION}, flush=True)"
        if texts == ("session",)
        else f"print({' '.join(texts)!r}, flush=True)"
    ),
    "write": lambda name, text: (
        f"p = pathlib.Path({name!r}); p.parent.mkdir(exist_ok=True); p.write_text({text!r})"
    ),
    "fail": lambda: "raise SystemExit(1)",
    "hang": lambda: "time.sleep(600)",
}


def connect_to(local: LocalKaggle, mood: str) -> Kaggle:
    """Return the adapter, connected to a local Kaggle that is kind or has every bad habit."""
    if mood != "local":
        local.write_errors(nested=mood == "unkind-nested")
        local.hide_new_versions(seconds=0.3, status=404 if mood == "unkind-flat" else 403)
        local.show_new_versions_late(0.3)
        local.change_events("empty")
        local.change_events("no_newline")
        local.settings(
            queue_seconds=0.2, cancel_seconds=0.3, status_lag_seconds=0.5, finished_logs_redirect=1
        )
    return connect_local(local.endpoint, local.token)


LOCAL = ["local", "unkind-nested", "unkind-flat"]


@pytest.fixture(params=["memory", *LOCAL])
def world(request: pytest.FixtureRequest) -> Any:
    """A Kaggle on which a test may start runs."""
    if request.param == "memory":
        return FakeWorld(FakeKaggle())
    return RealWorld(connect_to(request.getfixturevalue("local_kaggle"), request.param))


@pytest.fixture(params=["memory", *LOCAL, *LIVE])
def kaggle(request: pytest.FixtureRequest) -> Any:
    """A Kaggle that a test only reads from."""
    if request.param == "memory":
        return FakeKaggle()
    if request.param == "live":
        return connect()
    local: LocalKaggle = request.getfixturevalue("local_kaggle")
    folder = request.getfixturevalue("tmp_path")
    local.stand_in(CAR_OR_TRUCK, folder)
    return connect_to(local, request.param)


def saved(world: World, slug: str, *directives: str, **details: Any) -> RunRef:
    kernel = KernelRef(world.kaggle.account(), slug)
    run = world.kaggle.save(save_request(kernel, world.script(*directives), **details)).run
    # Kaggle may hide a new version for a while.
    until(lambda: world.kaggle.version(run))
    return run


def ended(world: World, run: RunRef) -> Status:
    polled = until(lambda: last if (last := world.kaggle.status(run)).status.ended else None)
    return polled.status


# Reading


def test_the_account_has_a_name(kaggle: Kaggle) -> None:
    assert kaggle.account()


def test_the_quota_has_a_gpu_and_a_tpu_pool(kaggle: Kaggle) -> None:
    reading = kaggle.quota()
    assert {pool.name for pool in reading.pools} == {"gpu", "tpu"}
    assert all(pool.allowed_seconds > 0 for pool in reading.pools)


def test_the_clock_skew_is_known_after_a_response(kaggle: Kaggle) -> None:
    kaggle.quota()
    skew = kaggle.clock_skew_seconds()
    assert skew is not None
    assert abs(skew) < 3600


def test_an_unknown_kernel_has_no_newest_version(kaggle: Kaggle) -> None:
    assert (
        kaggle.newest_version(KernelRef(kaggle.account(), "there-is-no-such-kernel-9731")) is None
    )


def test_the_status_of_an_unknown_run_is_an_error(kaggle: Kaggle) -> None:
    nowhere = RunRef(KernelRef(kaggle.account(), "there-is-no-such-kernel-9731"), 3)
    with pytest.raises(InvalidInput) as caught:
        kaggle.status(nowhere)
    assert caught.value.code == "not_found"


def test_only_missing_sources_are_reported(kaggle: Kaggle) -> None:
    missing = f"{kaggle.account()}/there-is-no-such-set-9731"
    sources = Sources(datasets=(CAR_OR_TRUCK, missing), kernels=("nobody-9731/nothing-9731",))
    problems = kaggle.source_problems(sources)
    assert {problem.where for problem in problems} == {missing, "nobody-9731/nothing-9731"}


# Running


def test_each_save_makes_a_new_version_with_its_source(world: World) -> None:
    first = saved(world, "two-versions", "print one")
    second = saved(world, "two-versions", "print two")
    assert (first.version, second.version) == (1, 2)
    newest, held = world.kaggle.newest_version(first.kernel), world.kaggle.version(first)
    assert newest and newest.run == second and "two" in newest.source
    assert held and held.run == first and "one" in held.source
    assert world.kaggle.version(RunRef(first.kernel, 7)) is None


def test_a_kernel_is_listed_from_its_first_version_on(world: World) -> None:
    kernel = KernelRef(world.kaggle.account(), "one-version")
    assert not world.kaggle.lists(kernel)
    saved(world, "one-version", "print one")
    assert world.kaggle.lists(kernel)
    assert not world.kaggle.lists(KernelRef(kernel.owner, "one"))


@pytest.mark.parametrize(
    ("directives", "status"), [(("print hello",), Status.COMPLETE), (("fail",), Status.ERROR)]
)
def test_the_status_of_a_run_follows_its_scripts_exit_code(
    world: World, directives: tuple[str, ...], status: Status
) -> None:
    run = saved(world, "ends-somehow", *directives)
    assert ended(world, run) is status


def test_each_version_has_its_own_status(world: World) -> None:
    first = saved(world, "good-then-bad", "print fine")
    assert ended(world, first) is Status.COMPLETE
    second = saved(world, "good-then-bad", "fail")
    assert ended(world, second) is Status.ERROR
    assert world.kaggle.status(first).status is Status.COMPLETE


def test_the_outputs_of_an_ended_run_are_listed(world: World) -> None:
    run = saved(world, "leaves-files", "write a.txt alpha", "write folder/b.txt beta")
    assert ended(world, run) is Status.COMPLETE
    files = list(world.kaggle.outputs(run))
    assert {file.name for file in files} == {"a.txt", "folder/b.txt"}
    assert all(file.url for file in files)


def test_one_output_of_an_ended_run_is_read_by_its_name(world: World) -> None:
    run = saved(world, "leaves-a-file", "write folder/b.txt beta")
    assert ended(world, run) is Status.COMPLETE
    assert world.kaggle.output(run, "folder/b.txt", 4) == b"beta"
    assert world.kaggle.output(run, "folder/b.txt", 3) is None
    assert world.kaggle.output(run, "a.txt", 100) is None


def test_the_log_can_be_followed_and_read_again(world: World) -> None:
    run = saved(world, "talks-a-lot", *(f"print line {place}" for place in range(5)))
    followed = [line.text for line in world.kaggle.follow_log(run)]
    assert [text for text in followed if text.startswith("line")] == [f"line {n}" for n in range(5)]
    assert ended(world, run) is Status.COMPLETE
    assert [line.text for line in world.kaggle.log(run)] == followed


def test_a_session_is_cancelled_by_the_id_in_its_log(world: World) -> None:
    run = saved(world, "never-ends", "print session", "hang")
    until(lambda: world.kaggle.status(run).status is Status.RUNNING)
    texts = (line.text for line in world.kaggle.follow_log(run))
    session = next(text for text in texts if text.startswith("session "))
    world.kaggle.cancel(int(session.removeprefix("session ")))
    assert ended(world, run) is Status.CANCEL_ACKNOWLEDGED


def test_an_unknown_session_cannot_be_cancelled(world: World) -> None:
    with pytest.raises(Refused) as caught:
        world.kaggle.cancel(4711)
    assert caught.value.code == "not_cancelled"


def test_a_third_gpu_session_is_refused(world: World) -> None:
    for slug in ("first-gpu", "second-gpu"):
        saved(world, slug, "hang", pool="gpu")
    with pytest.raises(Refused, match="Maximum batch GPU session count") as caught:
        saved(world, "third-gpu", "hang", pool="gpu")
    assert caught.value.code == "push_refused"
    assert world.kaggle.newest_version(KernelRef(world.kaggle.account(), "third-gpu")) is None
