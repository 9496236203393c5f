"""Stop a run on Kaggle and wait until it has stopped."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from kitctl.domain.job.same_source import is_packed
from kitctl.domain.results.run_log import SessionIdReader
from kitctl.domain.runs.run import Facts, RunRef, Status
from kitctl.errors import InvalidInput, NetworkFailed, NextCommand, Refused
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.ports import Clock, Kaggle, Ledger, ProgressBar, Reporter


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
        session_id = _session_id(target, kaggle, ledger, clock, times)
        if session_id is not None:
            _request_end(session_id, target, kaggle, ledger, clock, times)
        return _wait_for_end(target, kaggle, ledger, clock, times, bar)


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
    """Return the session's id, which only the run itself prints, in its first line.

    None where the run has ended meanwhile.
    """
    if target.record and target.record.facts.session_id is not None:
        return _own_id(target.record.facts.session_id, target, kaggle, ledger)
    is_packed = _is_packed(target, kaggle)
    started = clock.monotonic()
    while True:
        session = _read_session(target.ref, kaggle, is_packed=is_packed)
        if session.session_id is not None:
            session_id = _own_id(session.session_id, target, kaggle, ledger)
            if target.record:
                ledger.update_facts(target.record.id, Facts(session_id=session_id))
            return session_id
        if read_status(target, kaggle, ledger).status.ended:
            return None
        if session.is_over or clock.monotonic() - started > times.session_id:
            raise _no_session_id(target)
        clock.sleep(times.poll)


def _is_packed(target: TargetRun, kaggle: Kaggle) -> bool:
    """Return whether kitctl has packed the job: then its first line is not the user's own."""
    if target.record is not None:
        return target.record.intent.is_packed
    version = kaggle.version(target.ref)
    return version is not None and is_packed(version.source)


def _read_session(ref: RunRef, kaggle: Kaggle, *, is_packed: bool) -> SessionIdReader:
    session = SessionIdReader(is_packed=is_packed)
    with suppress(InvalidInput):  # There is no log yet.
        for line in kaggle.log_so_far(ref):
            session.read(line.stream, line.text)
            if session.is_over:
                break
    return session


def _own_id(session_id: int, target: TargetRun, kaggle: Kaggle, ledger: Ledger) -> int:
    """Return the id, unless it is another run's: then the job has printed something else."""
    for run in ledger.unfinished_runs(kaggle.service, kaggle.account()):
        if run.facts.session_id == session_id and run.ref != target.ref:
            raise _no_session_id(target)
    return session_id


def _no_session_id(target: TargetRun) -> Refused:
    return Refused(
        f"{target.ref} has not printed the id of its session, without which Kaggle cancels"
        " nothing; it goes on.",
        code="no_session_id",
        hint="Try again once it runs, or stop it on its page at kaggle.com."
        " A script of your own begins with print(os.environ['KAGGLE_CONTAINER_NAME'], flush=True).",
    )
