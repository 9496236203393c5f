"""What an ended run itself says of its times, for runs that nobody watched."""

from __future__ import annotations

from dataclasses import asdict, replace

from kitctl.domain.results import run_report
from kitctl.domain.results.error_line import ErrorLineReader
from kitctl.domain.results.run_log import facts_of_log
from kitctl.domain.runs.run import Facts, Run
from kitctl.domain.runs.run_times import TimeSource
from kitctl.errors import KitError
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import Kaggle, Ledger

RUN_REPORT = "run.json"


def read_facts(run: Run, kaggle: Kaggle) -> Facts:
    """Return what an ended run's log says and, of a packed job, its run.json, which is more exact.

    Raises InvalidInput where Kaggle shows no such run.
    """
    assert run.ref is not None
    lines = ((line.time, line.stream, line.text) for line in kaggle.log(run.ref))
    facts = facts_of_log(lines)
    if not run.intent.is_packed:
        return facts
    content = kaggle.output(run.ref, RUN_REPORT, run_report.LARGEST_JSON_BYTES)
    reported = asdict(run_report.facts(run_report.read_object(content)))
    return replace(facts, **{name: value for name, value in reported.items() if value is not None})


def with_own_facts(status: RunStatus, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    """Return the status of an ended run with what its log says: its times, why it failed.

    Where Kaggle does not give the log, the next command asks again.
    """
    status = _with_own_times(status, kaggle, ledger)
    if not status.status.failed or not status.is_shown:
        return status
    record = status.record
    if record is not None and record.facts.error_line is not None:
        return replace(status, error_line=record.facts.error_line)
    reader = ErrorLineReader()
    try:
        for line in kaggle.log(status.ref):
            reader.read(line.stream, line.text)
    except KitError:
        return status
    if record is not None:
        record = ledger.update_facts(record.id, Facts(error_line=reader.line))
    return replace(status, record=record, error_line=reader.line)


def _with_own_times(status: RunStatus, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    """Return the status of a run that ended unwatched with the times that the run itself gives."""
    record = status.record
    if record is None or not status.status.ended or not status.is_shown:
        return status
    if record.time_source != TimeSource.BOUNDS or record.facts.log_seconds is not None:
        return status
    try:
        facts = read_facts(record, kaggle)
    except KitError:
        return status
    return replace(status, record=ledger.update_facts(record.id, facts))
