"""Stop a run on Kaggle and wait until it has stopped."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.domain.run_log import session_id_of
from kitctl.domain.runs import Facts
from kitctl.errors import NetworkFailed, NextCommand, Refused
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.reporter import Reporter
from kitctl.operations.shared.run_status import RunStatus, read_status
from kitctl.ports import Clock, Kaggle, Ledger


@dataclass(frozen=True)
class StopTimes:
    """Seconds to wait: for the session's id in the log, for the run's end, between two polls."""

    session_id: float = 60.0
    end: float = 120.0
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
    with reporter.progress(f"Cancelling {target.ref}"):
        kaggle.cancel(_session_id(target, kaggle, ledger, clock, times))
        return _wait_for_end(target, kaggle, ledger, clock, times)


def _wait_for_end(
    target: TargetRun, kaggle: Kaggle, ledger: Ledger, clock: Clock, times: StopTimes
) -> RunStatus:
    started = clock.monotonic()
    while True:
        status = read_status(target, kaggle, ledger)
        if status.status.ended:
            return status
        if clock.monotonic() - started > times.end:
            raise NetworkFailed(
                f"Kaggle took the request, but {target.ref} is still {status.status.label}.",
                code="still_running",
                hint=NextCommand("wait", f"{target.ref.version}"),
            )
        clock.sleep(times.poll)


def _session_id(
    target: TargetRun, kaggle: Kaggle, ledger: Ledger, clock: Clock, times: StopTimes
) -> int:
    """Return the session's id, which only the run itself prints, in one of its first lines."""
    if target.record and target.record.facts.session_id is not None:
        return target.record.facts.session_id
    started = clock.monotonic()
    while True:
        for line in kaggle.log_so_far(target.ref):
            session_id = session_id_of(line.text)
            if session_id is not None:
                if target.record:
                    ledger.update_facts(target.record.id, Facts(session_id=session_id))
                return session_id
        if clock.monotonic() - started > times.session_id:
            raise Refused(
                f"{target.ref} has not printed the id of its session, without which Kaggle cancels"
                " nothing; it goes on.",
                code="no_session_id",
                hint="Try again once it runs, or stop it on its page at kaggle.com."
                " A job of your own prints it as `session <id>`: the number in the"
                " environment variable KAGGLE_CONTAINER_NAME.",
            )
        clock.sleep(times.poll)
