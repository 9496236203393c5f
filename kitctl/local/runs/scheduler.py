"""The scheduler: takes each session from the queue to its end, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kitctl.local.runs import execution
from kitctl.local.runs.logs import LogWriter
from kitctl.local.state import records
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.records import Session
from kitctl.local.state.sessions import SERVER_DIED, TIMED_OUT, output_files

# How often a session's place in the queue, its deadline and its cancellation are checked.
POLL_SECONDS = 0.05


class Outcome(NamedTuple):
    """A session's last status, and the reason where it did not end by itself."""

    status: str
    failure_message: str | None = None


class Scheduler:
    """Start queued sessions, stop cancelled and overdue ones, and record how each run ended."""

    def __init__(self, state: LocalState, endpoint: str) -> None:
        self._state = state
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._threads: dict[int, threading.Thread] = {}
        self._closing = threading.Event()
        self.secrets: Mapping[str, str] = {}
        """What the stand-in of kaggle_secrets gives the runs that start from now on."""

    def fail_orphaned_sessions(self) -> None:
        """Record as failed, with its outputs so far, every session that a killed server has left.

        The session's processes ended with that server.
        """
        for session in self._state.sessions.unfinished():
            self._finish(session.id, Outcome(records.ERROR, SERVER_DIED))

    def start_queued(self) -> None:
        """Start a thread for every queued session that has none."""
        with self._lock:
            for session in self._state.sessions.unfinished():
                if session.id not in self._threads and not self._closing.is_set():
                    thread = threading.Thread(target=self._take, args=(session.id,), daemon=True)
                    self._threads[session.id] = thread
                    thread.start()

    def stop_all(self) -> None:
        """Stop every run and wait until its end is recorded. New sessions may be queued then."""
        self._closing.set()
        with self._lock:
            threads = list(self._threads.values())
            self._threads.clear()
        for thread in threads:
            thread.join()
        self._closing.clear()

    def _take(self, session_id: int) -> None:
        """Take one session from the queue to its end."""
        try:
            outcome = self._wait_in_queue(session_id) or self._run(session_id)
        except Exception as error:  # Whatever it is, the session must not stay RUNNING.
            outcome = Outcome(records.ERROR, f"The local Kaggle could not run this: {error!r}")
        self._finish(session_id, outcome)

    def _wait_in_queue(self, session_id: int) -> Outcome | None:
        """Wait until the session may start; return an outcome if it ended in the queue."""
        sessions = self._state.sessions
        while not sessions.may_start(session := sessions.get(session_id)):
            if outcome := self._forced_outcome(session):
                return outcome
            self._closing.wait(POLL_SECONDS)
        return self._forced_outcome(session)

    def _run(self, session_id: int) -> Outcome:
        sessions, clock = self._state.sessions, self._state.clock
        sessions.begin(session_id)
        started_at = sessions.get(session_id).started_at or clock.now()
        with LogWriter(sessions.log_file(session_id), lambda: clock.now() - started_at) as log:
            try:
                run = execution.start(
                    self._state,
                    sessions.get(session_id),
                    self._endpoint,
                    self.secrets,
                    log.write,
                )
            except execution.CannotRun as error:
                log.write("stderr", f"{error}\n")
                return Outcome(records.ERROR, str(error))
            while (exit_code := run.wait(POLL_SECONDS)) is None:
                if outcome := self._forced_outcome(sessions.get(session_id)):
                    run.stop()
                    return outcome
        if exit_code != 0:
            reason = f": {run.error}" if run.error else "."
            return Outcome(records.ERROR, f"The script ended with exit code {exit_code}{reason}")
        return Outcome(records.COMPLETE)

    def _forced_outcome(self, session: Session) -> Outcome | None:
        """Return how the session must end now, if it must."""
        if self._closing.is_set():
            return Outcome(records.ERROR, SERVER_DIED)
        if session.status == records.CANCEL_REQUESTED:
            return Outcome(records.CANCEL_ACKNOWLEDGED)
        if self._state.sessions.is_overdue(session):
            return Outcome(records.CANCEL_ACKNOWLEDGED, TIMED_OUT)
        return None

    def _save_outputs(self, session_id: int, working: Path, seconds: float) -> None:
        """Record every file of the working directory as an output, one by one over `seconds`."""
        began_at = self._state.clock.now()
        outputs = list(output_files(working))
        for number, output in enumerate(outputs, start=1):
            self._wait_until(began_at + seconds * number / (len(outputs) + 1))
            self._state.sessions.add_outputs(session_id, [output])
        self._wait_until(began_at + seconds)

    def _wait_until(self, moment: float) -> None:
        """Wait until a time by the local Kaggle's clock, or until the scheduler is stopped."""
        while self._state.clock.now() < moment and not self._closing.wait(POLL_SECONDS):
            pass

    def _finish(self, session_id: int, outcome: Outcome) -> None:
        folder = self._state.sessions.folder(session_id)
        is_cancelled = outcome == Outcome(records.CANCEL_ACKNOWLEDGED)
        seconds = self._state.settings["cancel_seconds"] if is_cancelled else 0.0
        try:
            # The outputs first: a client that sees the end may ask for them at once.
            self._save_outputs(session_id, execution.working_folder(folder), seconds)
        finally:
            self._state.sessions.end(session_id, outcome.status, outcome.failure_message)
        execution.remove_inputs(folder)
