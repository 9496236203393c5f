"""Each command through each fault, once, for 20 s and always.

A command survives a fault if it does what it should or ends with a sentence and an exit code that
blames no one wrongly, in time; if it does all that it should once the fault is over; and if Kaggle
has then made one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command_line import PRINT_SESSION, CommandCall, Kitctl, write_script
from support.local_kaggle import LocalKaggle, until
from support.local_kaggle_calls import ENDED
from support.local_setup import LAST_WEEK
from support.network_faults import ALWAYS, DURATIONS, FAULTS, LONG, ONCE, faulty

pytestmark = [pytest.mark.torture, pytest.mark.timeout(400)]

LINES = "".join(f"line {number}\n" for number in range(20))
PRINTING = "import time\nfor n in range(20): print('line', n, flush=True); time.sleep(0.1)"
FILES = [{"name": f"file-{number}.bin", "bytes": 90_000 * number} for number in range(4)]
RUN = "local/pulled/1"

# Seconds for all tries where a fault stays, instead of two minutes.
SHORT = 3.0
# How a command says that it has not done all.
SENTENCES = ("error: ", "does not show", "nothing has been printed")

IN_TIME_SECONDS = {ONCE: 60.0, LONG: 75.0, ALWAYS: 60.0}


@dataclass(frozen=True)
class World:
    """A project with its local Kaggle."""

    kitctl: Kitctl
    project: Path
    server: LocalKaggle

    def push(self, script: str) -> None:
        write_script(self.project, script)
        assert self.kitctl("push", "--local").code == 0
        until(lambda: self.server.status("small-job") != "QUEUED")

    def call(self, *words: str) -> CommandCall:
        return self.kitctl(*words, "--local")


@dataclass(frozen=True)
class Command:
    """A command under torture: what precedes it, its call, and whether that did all it should.

    `methods` are those of Kaggle that fail, the most important first.
    """

    methods: tuple[str, ...]
    prepare: Callable[[World], None]
    words: tuple[str, ...]
    is_done: Callable[[World, CommandCall], bool]
    codes: frozenset[int] = frozenset({0, 4, 5})

    def methods_for(self, duration: str) -> tuple[str, ...]:
        """Return the methods that fail for so long: each once, the first for long."""
        return self.methods if duration == ONCE else self.methods[:1]


def prepare_push(world: World) -> None:
    write_script(world.project, PRINTING)


def is_pushed(world: World, call: CommandCall) -> bool:
    """Return whether the ledger knows the one run; the push itself may be in doubt."""
    if call.code == 0:
        runs = world.call("runs", "--json").data["runs"]
        return [run["version"] for run in runs] == [1] == versions(world)
    # Whether it arrived is settled by asking, at the latest when Kaggle shows all that it has.
    world.server.advance(1200)
    return world.call("push", "--json").code in {0, 4} and versions(world) == [1]


def versions(world: World) -> list[int]:
    kernels = world.server.call("ListKernels", user="local")["kernels"]
    return [kernel["currentVersionNumber"] for kernel in kernels]


def is_ended(world: World) -> bool:
    return world.server.status("small-job") in ENDED


def is_pulled(world: World, call: CommandCall) -> bool:
    folder = world.project / "results" / "pulled" / "v1"
    sizes = {file.name: file.stat().st_size for file in folder.glob("file-*.bin")}
    return call.code == 0 and sizes == {file["name"]: file["bytes"] for file in FILES}


COMMANDS: dict[str, Command] = {
    "push": Command(
        ("SaveKernel", "GetKernel", "IntrospectToken"), prepare_push, ("push",), is_pushed
    ),
    "follow": Command(
        ("logs", "GetKernelSessionStatus"),
        lambda world: world.push(PRINTING),
        ("logs", "-f", "--raw"),
        lambda world, call: (call.code, call.out) == (0, LINES),
    ),
    "wait": Command(
        ("GetKernelSessionStatus",),
        lambda world: world.push(PRINTING),
        ("wait", "--timeout", "40s"),
        lambda world, call: call.code == 0 and is_ended(world),
    ),
    "logs": Command(
        ("logs", "GetKernelSessionStatus", "ListKernelSessionOutput"),
        lambda world: world.push(PRINTING),
        ("logs", "--raw"),
        lambda world, call: call.code == 0 and LINES.startswith(call.out) and bool(call.out),
    ),
    "cancel": Command(
        ("CancelKernelSession", "GetKernelSessionStatus", "logs"),
        lambda world: world.push(f"{PRINT_SESSION}time.sleep(600)"),
        ("cancel",),
        lambda world, call: call.code == 0 and is_ended(world),
    ),
    "pull": Command(
        ("ListKernelSessionOutput", "download", "ListKernelFiles"),
        lambda world: world.server.seed("pulled", files=FILES, manifest=True, **LAST_WEEK),
        ("pull-results", RUN),
        is_pulled,
    ),
    "quota": Command(
        ("GetAcceleratorQuotaStatistics", "IntrospectToken"),
        lambda world: world.push(PRINTING),
        ("quota",),
        lambda world, call: call.code == 0 and "GPU" in call.out,
        frozenset({0}),
    ),
    "status": Command(
        ("GetKernelSessionStatus",),
        lambda world: world.push(PRINTING),
        ("status",),
        lambda world, call: call.code == 0 and "local/small-job/1" in call.out,
    ),
}
CASES = [
    (name, method, fault, duration)
    for duration in DURATIONS
    for name, command in COMMANDS.items()
    for method in command.methods_for(duration)
    for fault in FAULTS
]
CASES += [("follow", "GetKernelSessionStatus", fault, LONG) for fault in ("html", "403", "503")]


@pytest.fixture
def world(kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle) -> World:
    return World(kitctl, project, local_kaggle)


@pytest.mark.parametrize(("name", "method", "fault", "duration"), CASES)
def test_a_command_survives(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    name: str,
    method: str,
    fault: str,
    duration: str,
) -> None:
    record_property("case", (fault, name, duration))
    command = COMMANDS[name]
    command.prepare(world)
    if duration == ALWAYS:
        monkeypatch.setattr("kitctl.cli.context.REQUEST_SECONDS", SHORT)
        monkeypatch.setattr("kitctl.adapters.kaggle.log_stream.PATIENCE_SECONDS", SHORT)
    words = command.words
    if name == "wait" and duration == ALWAYS:
        words = ("wait", "--timeout", "5s")
    started = time.monotonic()
    with faulty(world.server, method, fault, duration):
        call = world.call(*words)
    assert time.monotonic() - started < IN_TIME_SECONDS[duration]

    is_done = command.is_done(world, call)
    if duration == ONCE and not FAULTS[fault].is_word and name != "push":
        assert is_done, call
    if not is_done:
        assert call.code in allowed_codes(name, fault, duration), call
        assert any(sentence in call.err for sentence in SENTENCES), call
        again = world.call(*command.words)
        assert command.is_done(world, again), again
    assert name in {"pull"} or versions(world) == [1]


def allowed_codes(name: str, fault: str, duration: str) -> set[int]:
    """Return how a command may end that has not done what it should."""
    codes = set(COMMANDS[name].codes)
    if FAULTS[fault].is_word or fault == "redirect":  # It leads to a page that is not there.
        codes.add(3)
    if name == "wait":
        codes.add(7)
    return codes
