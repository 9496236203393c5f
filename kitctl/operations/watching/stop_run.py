"""Stop a run on Kaggle and wait until it has stopped."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from kitctl.domain.runs.run import Facts, RunRef, Status
from kitctl.domain.runs.session_id import PRINT_CONTAINER, SessionIdReader, prints_its_session
from kitctl.errors import InvalidInput, NetworkFailed, NextCommand, Refused
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.ports import Clock, Kaggle, KernelVersion, Ledger, ProgressBar, Reporter


@dataclass(frozen=True)
class StopTimes:
    """Seconds to wait: for the session's id in the log, for the run's end, between two polls.

    Kaggle saves the outputs of a cancelled run first, which may take ten minutes. `settle` is how
    long it may take to show that it has taken a request whose answer was lost.
    """

    session_id: float = 60.0
    end: float = 660.0
    settle: float = 15.0
    poll: float = 1.0


USUAL_TIMES = StopTimes()

_ON_ITS_PAGE = "Stop it on its page at kaggle.com: ⋮ → Cancel run."


def stop_run(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    *,
    times: StopTimes = USUAL_TIMES,
) -> RunStatus:
    """Cancel the run's session and return the state that it ended in.

    Raises Refused where Kaggle does not cancel it or its session's id is not known, NetworkFailed
    where it has not ended in time.
    """
    with reporter.progress(f"Cancelling {target.ref}") as bar:
        request_stop(target, kaggle, ledger, clock, times=times)
        return _wait_for_end(target, kaggle, ledger, clock, times, bar)


def request_stop(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    *,
    times: StopTimes = USUAL_TIMES,
) -> None:
    """Ask Kaggle to cancel the run's session, unless the run has ended; return without waiting.

    Raises Refused where Kaggle does not cancel it or its session's id is not known.
    """
    session_id = _session_id(target, kaggle, ledger, clock, times)
    if session_id is not None:
        _request_end(session_id, target, kaggle, ledger, clock, times)


def _request_end(
    session_id: int,
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    times: StopTimes,
) -> None:
    """Ask Kaggle to stop the session; where its answer is lost, the run's state tells."""
    try:
        kaggle.cancel(session_id)
        return
    except (NetworkFailed, Refused) as error:
        failure = error
    # A refusal may be the answer to a request that was repeated after its answer was lost.
    patience = times.settle if isinstance(failure, NetworkFailed) else 0.0
    started = clock.monotonic()
    while True:
        with suppress(NetworkFailed):
            status = read_status(target, kaggle, ledger).status
            if status.ended or status is Status.CANCEL_REQUESTED:
                return
        if clock.monotonic() - started >= patience:
            raise failure
        clock.sleep(times.poll)


def _wait_for_end(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    times: StopTimes,
    bar: ProgressBar,
) -> RunStatus:
    started = clock.monotonic()
    last: Status | None = None
    while True:
        with suppress(NetworkFailed):
            status = read_status(target, kaggle, ledger)
            last = status.status
            if last.ended:
                return status
            if last is Status.CANCEL_REQUESTED:
                bar.describe(f"{target.ref}: Kaggle saves its outputs, for up to ten minutes")
        if clock.monotonic() - started > times.end:
            raise NetworkFailed(
                f"Kaggle took the request, but {target.ref} is still"
                f" {last.label if last else 'not shown'}.",
                code="still_running",
                hint=NextCommand("wait", "RUN", run=str(target.ref)),
            )
        clock.sleep(times.poll)


def _session_id(
    target: TargetRun, kaggle: Kaggle, ledger: Ledger, clock: Clock, times: StopTimes
) -> int | None:
    """Return the id of the run's session; None where the run has ended meanwhile.

    Only the run itself prints it. Kaggle does not say whose an id is, and the id of another run
    would stop that one, so it counts only where it cannot be another's.
    """
    session = SessionIdReader()
    session.session_id = target.record.facts.session_id if target.record else None
    started = clock.monotonic()
    version: KernelVersion | None = None
    while True:
        status = read_status(target, kaggle, ledger)
        if status.status.ended:
            return None
        if status.is_shown:
            version = version or kaggle.version(target.ref)
        if version is not None:
            if not prints_its_session(version.source):
                raise _no_session_id(target)
            # The log of a queued run would only come when its machine does.
            if session.session_id is None and status.status is not Status.QUEUED:
                session = _read_session(target.ref, kaggle)
            if session.session_id is not None:
                _refuse_newer_runs_id(session.session_id, target, kaggle)
                if target.record:
                    ledger.update_facts(target.record.id, Facts(session_id=session.session_id))
                return session.session_id
            if session.is_over:
                raise _no_session_id(target)
        if clock.monotonic() - started > times.session_id:
            raise _not_cancelled_yet(status, is_shown=version is not None)
        clock.sleep(times.poll)


def _read_session(ref: RunRef, kaggle: Kaggle) -> SessionIdReader:
    session = SessionIdReader()
    with suppress(InvalidInput):  # There is no log yet.
        for line in kaggle.log_so_far(ref):
            session.read(line.stream, line.text)
            if session.is_over:
                break
    return session


def _refuse_newer_runs_id(session_id: int, target: TargetRun, kaggle: Kaggle) -> None:
    """Raise Refused where the kernel's newest version prints the same id.

    Then Kaggle has shown its log for that of an older version.
    """
    newest = kaggle.newest_version(target.ref.kernel)
    if newest is None or newest.run == target.ref:
        return
    with suppress(InvalidInput):
        if kaggle.status(newest.run).status is Status.QUEUED:  # It has no log.
            return
    if _read_session(newest.run, kaggle).session_id == session_id:
        raise Refused(
            f"Kaggle shows the log of {newest.run} for that of {target.ref}, whose session it"
            " therefore does not name; nothing was cancelled.",
            code="no_session_id",
            hint=_ON_ITS_PAGE,
        )


def _no_session_id(target: TargetRun) -> Refused:
    return Refused(
        f"{target.ref} does not begin by printing the id of its session, without which Kaggle"
        " cancels nothing; it goes on.",
        code="no_session_id",
        hint=(
            f"{_ON_ITS_PAGE} ",
            "A script of your own can be cancelled if, after its imports, it begins with"
            f" {PRINT_CONTAINER}",
        ),
    )


def _not_cancelled_yet(status: RunStatus, *, is_shown: bool) -> Refused:
    """Return why a run that may be cancelled later cannot be now."""
    again = NextCommand("cancel", f"{status.ref.version}", "tries again")
    if not is_shown:
        return Refused(
            f"Kaggle does not show {status.ref} yet, so it cannot be cancelled yet;"
            " it may start at any time.",
            code="not_shown",
            hint=again,
        )
    return Refused(
        f"{status.ref} is {status.status.label} and has not printed the id of its session yet,"
        " without which Kaggle cancels nothing; it goes on.",
        code="no_session_id",
        hint=(again, "   ", _ON_ITS_PAGE),
    )
