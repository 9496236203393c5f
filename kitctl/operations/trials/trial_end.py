"""How a trial ended: what its run says of the metric, and what stopping it has saved."""

from __future__ import annotations

from dataclasses import replace

from kitctl.domain.runs.run import Status
from kitctl.domain.runs.trials import Trial, TrialState
from kitctl.operations.trials.watched_session import WatchedSession
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import Search

# How much less than its limit a run that has used it up may seem to have taken.
_LIMIT_MARGIN_SECONDS = 60.0


def record_end(
    session: WatchedSession, number: int, end: RunStatus, mode: str, search: Search
) -> Trial:
    """Record in the search how a trial ended whose run has, and return the trial as it ended."""
    trial = session.trials[number]
    values = session.values(number)
    best = (min if mode == "min" else max)(values) if values else None
    was_stopped = trial.is_stopped and end.status.cancelled
    if best is not None and not was_stopped and _did_all(session, number, end):
        search.complete(number, best)
        return replace(trial, state=TrialState.COMPLETE, value=best)
    if was_stopped:
        given_back = None
        if trial.expected_seconds is not None:
            given_back = max(0.0, trial.expected_seconds - (end.running_seconds or 0.0))
        search.prune(number, given_back)
        return replace(trial, state=TrialState.PRUNED, given_back_seconds=given_back)
    reason = _reason(session, number, end)
    search.fail(number, reason)
    return replace(trial, state=TrialState.FAILED, reason=reason)


def _did_all(session: WatchedSession, number: int, end: RunStatus) -> bool:
    code = session.log.exit_codes.get(number)
    return _ran_out(end) if code is None else code == 0


def _ran_out(end: RunStatus) -> bool:
    """Return whether the run did all that it could: to its end, or to its limit of time."""
    if end.status is Status.COMPLETE:
        return True
    # Kaggle has one state for a run that was cancelled and for one whose time was over.
    limit = end.record.intent.limit_seconds if end.record else None
    if not end.status.cancelled or limit is None:
        return False
    return (end.running_seconds or 0.0) >= limit - min(_LIMIT_MARGIN_SECONDS, limit / 2)


def _reason(session: WatchedSession, number: int, end: RunStatus) -> str:
    if code := session.log.exit_codes.get(number):
        return f"failed with exit code {code}."
    if end.status is Status.COMPLETE:
        return (
            f"has no {session.metric}: print a line such as `epoch 1/10 {session.metric} 0.5` after"
            f" each epoch, or leave it in metrics.json."
        )
    if not session.log.has_begun(number):
        return "was not begun when its session ended."
    if end.failure is None:
        return f"is {end.status.label}."
    if end.status.cancelled:
        return "was cancelled or ran out of time."
    return f"failed: {end.error_line or end.failure_message or 'it gave no reason'}"
