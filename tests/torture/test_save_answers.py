"""Whatever SaveKernel answers, and whenever it takes effect, a job is paid for once at most."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.plans import script_plan
from support.server_clock import ServerClock

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.errors import KitError
from kitctl.operations.push import PushOptions, push
from kitctl.ports import NullReporter

pytestmark = [pytest.mark.torture, pytest.mark.timeout(600)]

ANSWER = json.dumps({"ref": "/code/local/small-job", "versionNumber": 1}).encode()
PACKED = gzip.compress(ANSWER, mtime=0)
GZIP = {"Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}

BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", {}),
    "html": (b"<html>Please log in</html>", {"Content-Type": "text/html"}),
    "cut json": (ANSWER[:-7], JSON),
    "cut connection": (ANSWER[:20], {**JSON, "Content-Length": str(len(ANSWER))}),
    "cut gzip": (PACKED[:25], GZIP),
    "damaged gzip": (PACKED[:15] + bytes(byte ^ 255 for byte in PACKED[15:]), GZIP),
    "null": (b"null", JSON),
    "list": (b"[1]", JSON),
    "empty object": (b"{}", JSON),
    "no number": (b'{"versionNumber": "soon"}', JSON),
    "deep": (b"[" * 100_000, JSON),
}
REFUSALS: dict[str, tuple[bytes, dict[str, str]]] = {
    "flat words": (b'{"code": 400, "message": "No."}', JSON),
    "nested words": (b'{"error": {"code": 400, "message": "No.", "status": "BAD"}}', JSON),
}
STATUSES = (
    *(200, 201, 202, 204, 206, 300, 301, 302, 303, 307, 308),
    *(400, 401, 403, 404, 405, 407, 408, 409, 413, 422, 425, 429, 451, 499),
    *(500, 501, 502, 503, 504, 507, 511, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 599),
)
CLEAR = frozenset(STATUSES[:25]) - {408, 425, 429}

# These are played with every body, the others with five of them.
WHOLE = (200, 503)

# Seconds after the answer; None: never.
EFFECTS = (None, 0.0, 1.0, 8.0, 20.0, 60.0)
VISIBILITIES = ("at once", "lags 60", "lags 600", "403 for 600", "404 for 600", "fails")

# When the same job is pushed again. A version that is hidden for 600 s shows after 660 s.
PUSHES_AT = (0.0, 5.0, 45.0, 120.0, 850.0, 1100.0)


@dataclass(frozen=True)
class Case:
    status: int
    body: str
    effect: float | None
    visibility: str


class FirstLooksFail(ServerClock):
    """A clock with which GetKernel fails from the first look after a push on, until `clear`."""

    is_cleared = False

    def sleep(self, seconds: float) -> None:
        if not (self.waited_seconds or self.is_cleared):
            self.server.fault("status", "GetKernel", status=503, count=None)
        super().sleep(seconds)

    def clear(self) -> None:
        self.is_cleared = True
        self.server.clear_faults()


@dataclass
class Player:
    """Plays cases on one local Kaggle, each with a ledger of its own."""

    server: LocalKaggle
    folder: Path
    played: int = 0

    def runs_after(self, case: Case) -> int:
        """Push the same job again and again; return how many runs Kaggle has then made."""
        self.played += 1
        self.server.reset()
        self.server.settings(queue_seconds=0)
        self._hide(case.visibility)
        self._prepare_answer(case)
        clock = (
            FirstLooksFail(self.server) if case.visibility == "fails" else ServerClock(self.server)
        )
        with SqliteLedger(self.folder / f"{self.played}.sqlite") as ledger:
            for at in PUSHES_AT:
                if at > clock.monotonic():
                    clock.sleep(at - clock.monotonic())
                if case.effect:
                    time.sleep(0.06)  # A delayed effect happens in the server's own time.
                self._push(ledger, clock)
                if isinstance(clock, FirstLooksFail):
                    clock.clear()
        return self.versions()

    def versions(self) -> int:
        self.server.settings(hidden_seconds=0, kernel_lag_seconds=0)
        kernels = self.server.call("ListKernels", user="local")["kernels"]
        return sum(kernel["currentVersionNumber"] for kernel in kernels)

    def _push(self, ledger: SqliteLedger, clock: ServerClock) -> None:
        kaggle = connect_local(self.server.endpoint, self.server.token, total_seconds=0.3)
        try:
            push(PushOptions(plan=script_plan()), kaggle, ledger, clock, NullReporter())
        except KitError as error:
            assert error.exit_code in (3, 4, 5), error.message

    def _hide(self, visibility: str) -> None:
        kind, _, seconds = visibility.rpartition(" ")
        if kind == "lags":
            self.server.show_new_versions_late(float(seconds))
        elif kind.endswith("for"):
            self.server.hide_new_versions(float(seconds), int(kind.split()[0]))

    def _prepare_answer(self, case: Case) -> None:
        body, headers = (BODIES | REFUSALS)[case.body]
        if case.status == 204:
            body, headers = b"", {}
        self.server.answer(
            "SaveKernel",
            body,
            case.status,
            {**headers, "Location": "/login"} if 300 <= case.status < 400 else headers,
            after_effect=case.effect is not None,
            effect_after_seconds=case.effect or 0.0,
        )


@pytest.fixture
def player(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Player]:
    yield Player(local_kaggle, tmp_path)


Recorder = Callable[[str, object], None]


def play(player: Player, cases: list[Case], record_property: Recorder) -> None:
    runs = {case: player.runs_after(case) for case in cases}
    record_property("answers of SaveKernel", len(cases))
    record_property("of them paid twice", sum(number > 1 for number in runs.values()))
    record_property("of them lost", sum(number < 1 for number in runs.values()))
    assert set(runs.values()) == {1}, runs


def drawn(status: int, body: str, chance: random.Random) -> Case:
    # A refusal in Kaggle's own words takes no effect.
    is_clear = body in REFUSALS and status in CLEAR
    effect = None if is_clear else chance.choice(EFFECTS)
    return Case(status, body, effect, chance.choice(VISIBILITIES))


@pytest.mark.parametrize("status", STATUSES)
def test_each_answer_leads_to_one_run(
    player: Player, chance: random.Random, record_property: Recorder, status: int
) -> None:
    bodies = [*BODIES, *REFUSALS]
    drawn_bodies = bodies if status in WHOLE else chance.sample(bodies, 5)
    play(player, [drawn(status, body, chance) for body in drawn_bodies], record_property)


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("effect", EFFECTS)
def test_each_moment_of_the_effect_leads_to_one_run(
    player: Player,
    chance: random.Random,
    record_property: Recorder,
    effect: float | None,
    visibility: str,
) -> None:
    forms = [(429, "flat words"), (503, "nested words"), (200, "html"), (524, "nothing")]
    cases = [Case(*form, effect, visibility) for form in chance.sample(forms, 2)]
    play(player, cases, record_property)
