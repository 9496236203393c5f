"""Run a chain: push the next session of a job whenever one has ended unfinished.

Where a chain stands is asked of Kaggle and the ledger each time, so that a chain which was
interrupted goes on, also from another machine, and no session is pushed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from kitctl.domain.results.run_log import facts_of_log
from kitctl.domain.runs import durations
from kitctl.domain.runs.chain import (
    CHAIN_VARIABLE,
    UNFINISHED_FILE,
    ChainOutcome,
    ChainSession,
    Limits,
    SessionEnd,
    next_session,
    outcome,
    parse_session,
    read_session,
)
from kitctl.domain.runs.counts import counted
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.errors import (
    Hint,
    InvalidInput,
    KitError,
    NextCommand,
    Refused,
    RunCancelled,
    RunFailed,
)
from kitctl.operations.watching.find_run import TargetRun, is_sending
from kitctl.operations.watching.foreign_run import foreign_versions
from kitctl.operations.watching.reconcile import reconcile
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import Kaggle, Ledger, Reporter

LARGEST_UNFINISHED_BYTES = 1_000_000

PushSession = Callable[[ChainSession, "ChainedRun | None", Callable[[], None]], TargetRun]
"""Pushes a session, which goes on from the one before (None for the first).

The last argument is called before each try: it raises Refused where the session has been pushed.
"""

WatchRun = Callable[[TargetRun], RunStatus]
"""Waits until a run has ended."""


@dataclass(frozen=True)
class ChainedRun:
    """A session that has ended, and its run.

    `is_newest`: its kernel has no later version, so that Kaggle attaches its outputs.
    """

    session: ChainSession
    run: RunRef
    end: SessionEnd
    is_newest: bool = True

    def as_data(self) -> dict[str, Any]:
        return {
            "run": str(self.run),
            "version": self.run.version,
            "session": self.session.number,
            "status": self.end.status,
            "running_seconds": self.end.seconds,
            "unfinished": self.end.unfinished,
        }


@dataclass(frozen=True)
class ChainResult:
    """The sessions that were watched, in their order, and how the chain ended."""

    runs: tuple[ChainedRun, ...]
    outcome: ChainOutcome

    @property
    def spent_seconds(self) -> float:
        """What all sessions of the chain took together."""
        last = self.runs[-1]
        return last.session.spent_seconds + last.end.seconds

    @property
    def summary(self) -> str:
        """The outcome in few words: "finished: 5 sessions, 40 h"."""
        count = self.runs[-1].session.number
        sessions = counted(count, "session")
        return f"{self.outcome.label}: {sessions}, {durations.describe(self.spent_seconds)}"

    def as_data(self) -> dict[str, Any]:
        return {
            "runs": [run.as_data() for run in self.runs],
            "finished": self.outcome is ChainOutcome.FINISHED,
            "outcome": self.outcome,
            "spent_seconds": self.spent_seconds,
        }

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None for a chain that has finished."""
        run, end = self.runs[-1].run, self.runs[-1].end
        hint = _way_on(run, end)
        count = self.runs[-1].session.number
        used = f"after {counted(count, 'session')} and {durations.describe(self.spent_seconds)}"
        match self.outcome:
            case ChainOutcome.FAILED:
                reason = "failed" if end.unfinished is not None else f"left no {UNFINISHED_FILE}"
                return RunFailed(f"The chain ended {used}: {run} {reason}.", hint=hint)
            case ChainOutcome.CANCELLED:
                return RunCancelled(f"The chain ended {used}: {run} was cancelled.", hint=hint)
            case ChainOutcome.NO_PROGRESS:
                return RunFailed(
                    f"The chain ended {used}: {run} came no further than the session before it.",
                    code="no_progress",
                    hint=hint,
                )
            case ChainOutcome.SESSIONS_USED | ChainOutcome.HOURS_USED:
                option = "--sessions" if self.outcome is ChainOutcome.SESSIONS_USED else "--hours"
                return RunCancelled(
                    f"The job is not finished {used}, which is all that {option} allows.",
                    code="chain_limit",
                    hint=f"The same command with more {option} goes on from there.",
                )
        return None


def _way_on(run: RunRef, end: SessionEnd) -> Hint:
    """Return what to do after a chain whose last session has not gone as it should."""
    results = NextCommand("pull-results", "RUN", "what it left", str(run))
    if end.unfinished is None:
        return results
    new_chain = NextCommand(
        "push", "--until-done --resume RUN", "once that is put right, a new chain", str(run)
    )
    return (results, " | ", new_chain)


def run_chain(
    kernel: KernelRef,
    first: ChainSession,
    limits: Limits,
    kaggle: Kaggle,
    ledger: Ledger,
    reporter: Reporter,
    push: PushSession,
    watch: WatchRun,
) -> ChainResult:
    """Push and watch sessions until the chain ends.

    Raises what `push` raises where a session is refused: the same call goes on later.
    """
    reconcile(kaggle, ledger, reporter)

    def find_newest() -> _NewestSession | None:
        return _newest_session(kernel, first.chain, kaggle, ledger)

    newest = find_newest()
    session, target = newest[:2] if newest else _push(first, None, push, find_newest)
    runs: list[ChainedRun] = []
    while True:
        status = watch(target)
        end = _session_end(status, kaggle)
        runs.append(ChainedRun(session, target.ref, end))
        follows = outcome(session, end, limits)
        if follows is not ChainOutcome.CONTINUES:
            return ChainResult(tuple(runs), follows)
        assert end.unfinished is not None
        reporter.info(f"{target.ref} is not finished: {end.unfinished.strip()[:200]}")
        # The kernel of a new job has the name that Kaggle gave it.
        kernel = target.ref.kernel
        newest = find_newest()
        if newest and newest.session.number > session.number:
            # The same command has pushed the next session elsewhere.
            session, target = newest[:2]
            continue
        # A version that Kaggle does not show may have others after it.
        before = replace(runs[-1], is_newest=newest is not None and newest.is_newest_version)
        session, target = _push(next_session(session, end, limits), before, push, find_newest)


def _push(
    session: ChainSession,
    before: ChainedRun | None,
    push: PushSession,
    find_newest: Callable[[], _NewestSession | None],
) -> tuple[ChainSession, TargetRun]:
    """Push a session; return it and its run, or those that the same command has pushed elsewhere.

    A push may wait for days, in which another machine goes on.
    """

    def require_not_pushed() -> None:
        newest = find_newest()
        if newest and newest.session.number >= session.number:
            raise Refused("It has been pushed elsewhere meanwhile.", code="same_script")

    try:
        return session, push(session, before, require_not_pushed)
    except Refused as refused:
        newest = find_newest() if refused.code == "same_script" else None
        if newest is None or newest.session.number < session.number:
            raise
        return newest[:2]


class _NewestSession(NamedTuple):
    """A chain's newest session; `is_newest_version`: its kernel has no later version."""

    session: ChainSession
    target: TargetRun
    is_newest_version: bool


def _newest_session(
    kernel: KernelRef, chain: str, kaggle: Kaggle, ledger: Ledger
) -> _NewestSession | None:
    """Return the chain's newest session; None where it has none.

    Later versions of the kernel may be no sessions of the chain: they are passed over.

    Raises Refused where it is not known what became of a push of the kernel.
    """
    if is_sending(kernel, kaggle, ledger):
        raise Refused(
            f"It is not known yet whether the last push of {kernel} runs.",
            code="answer_lost",
            hint=(NextCommand("runs", note="asks Kaggle"), "   (then the same command again)"),
        )
    sessions: dict[int, tuple[ChainSession, TargetRun]] = {}
    last = 0
    for run in ledger.runs(kaggle.service, None, kernel=kernel):
        last = max(last, run.version or 0)
        session = parse_session(run.intent.environment.get(CHAIN_VARIABLE, ""))
        never_ran = run.status is Status.NEW_SCRIPT
        if run.ref and session and session.chain == chain and not never_ran:
            sessions[run.ref.version] = session, TargetRun(run.ref, run)
    newest = kaggle.newest_version(kernel)
    if newest is not None:
        last = max(last, newest.run.version)
        for version in foreign_versions(newest, max(sessions, default=0), kaggle, ledger):
            session = read_session(version.source)
            if session and session.chain == chain:
                sessions[version.run.version] = session, TargetRun(version.run, None)
                break
    if not sessions:
        return None
    number = max(sessions)
    return _NewestSession(*sessions[number], is_newest_version=number == last)


def _session_end(status: RunStatus, kaggle: Kaggle) -> SessionEnd:
    """Return how a session ended.

    Raises InvalidInput where its UNFINISHED.txt is too large to read: the job is not finished.
    """
    run = status.ref
    unfinished = kaggle.output(run, UNFINISHED_FILE, LARGEST_UNFINISHED_BYTES)
    ended_well = status.status is Status.COMPLETE
    if unfinished is None and ended_well and _lists_unfinished(run, kaggle):
        raise InvalidInput(
            f"{run} left an {UNFINISHED_FILE} that cannot be read: it may have"
            f" {LARGEST_UNFINISHED_BYTES:,} bytes. No other session is pushed.",
            code="unfinished_unreadable",
            hint="Let the job write one line into it, which says how far it is.",
        )
    seconds = status.running_seconds
    return SessionEnd(
        status=status.status,
        seconds=_log_seconds(run, kaggle) if seconds is None else seconds,
        unfinished=None if unfinished is None else unfinished.decode("utf-8", "replace"),
    )


def _lists_unfinished(run: RunRef, kaggle: Kaggle) -> bool:
    return any(file.name == UNFINISHED_FILE for file in kaggle.listed_files(run))


def _log_seconds(run: RunRef, kaggle: Kaggle) -> float:
    """Return how long a run took that was pushed from another machine, by its log."""
    try:
        lines = ((line.time, line.stream, line.text) for line in kaggle.log(run))
        return facts_of_log(lines).log_seconds or 0.0
    except InvalidInput:  # It was cancelled before it began.
        return 0.0
