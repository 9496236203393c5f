"""`push --until-done`: sessions of one job, each of which goes on from the last one."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from kitctl.cli.context import CommandContext
from kitctl.cli.earlier_outputs import EarlierOutputs, outputs_of
from kitctl.cli.follow import LinePrinter, show_log
from kitctl.cli.notify import notified_of_stop, notify_of
from kitctl.cli.send import send
from kitctl.domain.runs.chain import CHAIN_VARIABLE, ChainSession, Limits, first_session
from kitctl.domain.runs.run import Status
from kitctl.errors import Interrupted, NextCommand, UsageError
from kitctl.operations.sending.job_kernel import find_job_kernel
from kitctl.operations.sending.run_chain import ChainedRun, ChainResult, run_chain
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus
from kitctl.operations.watching.watch import wait_for_end
from kitctl.render.chain import draw_chain
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs.resume import Resume
    from kitctl.domain.runs.run import RunRef
    from kitctl.operations.push import PushOptions


class PlanSession(Protocol):
    """Says how a session is pushed: with variables, and what it goes on from."""

    def __call__(self, variables: Mapping[str, str], resume: Resume | None) -> PushOptions: ...


@dataclass(frozen=True, kw_only=True)
class ChainOptions:
    """How a chain is pushed and watched.

    `job` is the job outside of a chain. `resume` is what the first session goes on from. A
    session waits where it is refused for a reason in `waits_for`.
    """

    job: PushOptions
    session: PlanSession
    limits: Limits
    resume: EarlierOutputs | None
    follow: bool
    waits_for: Collection[str]


def chain_limits(
    session_seconds: int, sessions: int | None, hours: float | None, *, chained: bool
) -> Limits:
    """Return the limits of a chain.

    Raises UsageError for limits that are not positive, or given without a chain.
    """
    given = [value for value in (sessions, hours) if value is not None]
    if given and not chained:
        raise UsageError(
            "--sessions and --hours limit a chain.",
            hint=NextCommand("push", "--until-done --sessions 5"),
        )
    if not all(0 < value < math.inf for value in given):
        raise UsageError(
            "A chain needs at least one session and some hours.",
            hint=NextCommand("push", "--until-done --sessions 5 --hours 20"),
        )
    return Limits(
        session_seconds=session_seconds,
        sessions=sessions,
        seconds=None if hours is None else hours * 3600,
    )


def push_chain(context: CommandContext, options: ChainOptions) -> CommandResult:
    """Push and watch a job's sessions until it is done; return how the chain ended."""
    plan = options.job.plan
    kernel = find_job_kernel(plan.metadata, context.client, context.ledger).kernel
    first = first_session(plan.script_sha256, options.limits)
    warned: set[str] = set()

    def push(
        session: ChainSession, before: ChainedRun | None, check: Callable[[], None]
    ) -> TargetRun:
        outputs = options.resume
        if before is not None:
            is_attachable = before.end.status is Status.COMPLETE and before.is_newest
            outputs = outputs_of(context, before.run, is_attachable=is_attachable)
        resume = outputs.provide(context) if outputs else None
        planned = options.session({CHAIN_VARIABLE: session.variable}, resume)
        limited = replace(planned, timeout_seconds=session.limit_seconds)
        pushed = send(context, limited, waits_for=options.waits_for, check=check, warned=warned)
        assert pushed.run.ref is not None
        context.console.info(f"Session {session.number}: {pushed.run.name}, {pushed.url}")
        return TargetRun(pushed.run.ref, pushed.run)

    with notified_of_stop(context, f"{kernel}: the chain"):
        result = run_chain(
            kernel,
            first,
            options.limits,
            context.client,
            context.ledger,
            context.console,
            push,
            _watcher(context, follow_log=options.follow),
        )
    _notify_of_chain(context, result)
    hint = NextCommand("pull-results", "RUN", run=str(result.runs[-1].run))
    return CommandResult(result, draw_chain, result.failure, hint)


def _notify_of_chain(context: CommandContext, result: ChainResult) -> None:
    last = result.runs[-1]
    facts = {
        "run": str(last.run),
        "status": last.end.status.value,
        "running_seconds": result.spent_seconds,
        "outcome": result.outcome.value,
        "sessions": last.session.number,
    }
    notify_of(context, f"{last.run.kernel}: {result.summary}", facts)


def _watcher(context: CommandContext, *, follow_log: bool) -> Callable[[TargetRun], RunStatus]:
    ports = context.client, context.ledger, context.clock, context.console

    def follow_session(target: TargetRun) -> RunStatus:
        with _hint_on_interrupt(target.ref):
            return show_log(context, target, LinePrinter(context, target.ref).show)

    def wait_for_session(target: TargetRun) -> RunStatus:
        with _hint_on_interrupt(target.ref):
            return wait_for_end(target, *ports)

    return follow_session if follow_log else wait_for_session


@contextmanager
def _hint_on_interrupt(run: RunRef) -> Iterator[None]:
    """On Ctrl-C, say that the session goes on, and how the chain does."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(
            f"{run} goes on at Kaggle; no other session is pushed.",
            hint=(
                "the same command goes on with the chain | ",
                NextCommand("cancel", "RUN", run=str(run)),
            ),
        ) from None
