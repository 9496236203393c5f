"""Run a chain: push the next session of a job whenever one has ended unfinished.

Where a chain stands is asked of Kaggle and the ledger each time, so that a chain which was
interrupted goes on, also from another machine, and no session is pushed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kitctl.domain import durations
from kitctl.domain.chain import (
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
from kitctl.domain.run_log import facts_of_log
from kitctl.domain.runs import KernelRef, RunRef, Status
from kitctl.errors import KitError, NextCommand, Refused, RunCancelled, RunFailed
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.reconcile import reconcile
from kitctl.operations.shared.reporter import Reporter
from kitctl.operations.shared.run_status import RunStatus
from kitctl.ports import Kaggle, Ledger

LARGEST_UNFINISHED_BYTES = 10_000

PushSession = Callable[[ChainSession, "ChainedRun | None"], TargetRun]
"""Pushes a session, which goes on from the one before; None for the first."""

WatchRun = Callable[[TargetRun], RunStatus]
"""Waits until a run has ended."""


@dataclass(frozen=True)
class ChainedRun:
    """A session that has ended, and its run."""

    session: ChainSession
    run: RunRef
    end: SessionEnd

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
        results = NextCommand("pull-results", f"{run.version}", "what it left")
        used = f"after {self.runs[-1].session.number} sessions and " + durations.describe(
            self.spent_seconds
        )
        match self.outcome:
            case ChainOutcome.FAILED:
                reason = "failed" if end.unfinished is not None else f"left no {UNFINISHED_FILE}"
                return RunFailed(f"The chain ended {used}: {run} {reason}.", hint=results)
            case ChainOutcome.CANCELLED:
                return RunCancelled(f"The chain ended {used}: {run} was cancelled.", hint=results)
            case ChainOutcome.NO_PROGRESS:
                return RunFailed(
                    f"The chain ended {used}: {run} came no further than the session before it.",
                    code="no_progress",
                    hint=results,
                )
            case ChainOutcome.SESSIONS_USED | ChainOutcome.HOURS_USED:
                option = "--sessions" if self.outcome is ChainOutcome.SESSIONS_USED else "--hours"
                return RunCancelled(
                    f"The job is not finished {used}, which is all that {option} allows.",
                    code="chain_limit",
                    hint=f"The same command with more {option} goes on from there.",
                )
        return None


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
    newest = _newest_session(kernel, first.chain, kaggle, ledger)
    session, target = newest or (first, push(first, None))
    runs: list[ChainedRun] = []
    while True:
        status = watch(target)
        end = _session_end(status, kaggle)
        runs.append(ChainedRun(session, target.ref, end))
        what = outcome(session, end, limits)
        if what is not ChainOutcome.CONTINUES:
            return ChainResult(tuple(runs), what)
        assert end.unfinished is not None
        session = next_session(session, end, limits)
        reporter.info(f"{target.ref} is not finished: {end.unfinished.strip()[:200]}")
        target = push(session, runs[-1])


def _newest_session(
    kernel: KernelRef, chain: str, kaggle: Kaggle, ledger: Ledger
) -> tuple[ChainSession, TargetRun] | None:
    """Return the chain's newest session and its run; None where it has none.

    Raises Refused where it is not known what became of a push of the chain.
    """
    for run in ledger.unfinished_runs(kaggle.service, kaggle.account()):
        if run.intent.kernel == kernel and run.status is Status.SENDING:
            raise Refused(
                f"It is not known yet whether the last push of {kernel} runs.",
                code="answer_lost",
                hint=(NextCommand("runs", note="asks Kaggle"), "   (then the same command again)"),
            )
    known: list[tuple[ChainSession | None, TargetRun]] = []
    latest = ledger.latest(kaggle.service, kernel)
    if latest is not None and latest.ref is not None:
        value = latest.intent.environment.get(CHAIN_VARIABLE, "")
        known.append((parse_session(value), TargetRun(latest.ref, latest)))
    newest = kaggle.newest_version(kernel)
    if newest is not None:
        record = ledger.get(kaggle.service, newest.run)
        known.append((read_session(newest.source), TargetRun(newest.run, record)))
    own = [(session, target) for session, target in known if session and session.chain == chain]
    return max(own, key=lambda each: each[1].ref.version, default=None)


def _session_end(status: RunStatus, kaggle: Kaggle) -> SessionEnd:
    unfinished = kaggle.output(status.ref, UNFINISHED_FILE, LARGEST_UNFINISHED_BYTES)
    seconds = status.running_seconds
    if seconds is None:  # Pushed from another machine.
        lines = ((line.time, line.stream, line.text) for line in kaggle.log(status.ref))
        seconds = facts_of_log(lines, is_packed=False).log_seconds or 0.0
    return SessionEnd(
        status=status.status,
        seconds=seconds,
        unfinished=None if unfinished is None else unfinished.decode("utf-8", "replace"),
    )
