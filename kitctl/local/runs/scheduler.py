"""Takes sessions from the queue to their end: a thread each, which runs the pushed script."""

from __future__ import annotations

import threading
from typing import NamedTuple

from kitctl.local.runs import execution
from kitctl.local.runs.logs import LogWriter
from kitctl.local.state import records
from kitctl.local.state.kaggle import Kaggle
from kitctl.local.state.records import Session
from kitctl.local.state.sessions import SERVER_DIED, TIMED_OUT

# How often a session's place in the queue, its deadline and its cancellation are looked at.
LOOK_SECONDS = 0.05


class Ending(NamedTuple):
    """How a session ended: its last status, and why if it was not by itself."""

    status: str
    failure_message: str | None = None


class Conductor:
    """Starts what is queued, stops what is cancelled or overdue, records how each run ended."""

    def __init__(self, kaggle: Kaggle, endpoint: str) -> None:
        self._kaggle = kaggle
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._threads: dict[int, threading.Thread] = {}
        self._closing = threading.Event()

    def end_what_a_killed_server_left(self) -> None:
        """Record every unfinished session as failed, with its outputs as far as they came.

        Its processes ended with the server.
        """
        for session in self._kaggle.sessions.unfinished():
            self._finish(session.id, Ending(records.ERROR, SERVER_DIED))

    def start_queued(self) -> None:
        """Give every queued session its thread."""
        with self._lock:
            for session in self._kaggle.sessions.unfinished():
                if session.id not in self._threads and not self._closing.is_set():
                    thread = threading.Thread(target=self._conduct, args=(session.id,), daemon=True)
                    self._threads[session.id] = thread
                    thread.start()

    def stop_all(self) -> None:
        """Stop every run, wait until each is recorded, and be ready for new ones."""
        self._closing.set()
        with self._lock:
            threads = list(self._threads.values())
            self._threads.clear()
        for thread in threads:
            thread.join()
        self._closing.clear()

    def _conduct(self, session_id: int) -> None:
        try:
            ending = self._wait_for_a_machine(session_id) or self._run(session_id)
        except Exception as error:  # whatever it is, the session must not stay RUNNING
            ending = Ending(records.ERROR, f"The local Kaggle could not run this: {error!r}")
        self._finish(session_id, ending)

    def _wait_for_a_machine(self, session_id: int) -> Ending | None:
        """Stay in the queue; an ending when the session came to one there."""
        sessions = self._kaggle.sessions
        while not sessions.may_start(session := sessions.get(session_id)):
            if ending := self._forced_ending(session):
                return ending
            self._closing.wait(LOOK_SECONDS)
        return self._forced_ending(session)

    def _run(self, session_id: int) -> Ending:
        sessions, clock = self._kaggle.sessions, self._kaggle.clock
        sessions.begin(session_id)
        started_at = sessions.get(session_id).started_at or clock.now()
        with LogWriter(sessions.log_file(session_id), lambda: clock.now() - started_at) as log:
            try:
                run = execution.start(
                    self._kaggle, sessions.get(session_id), self._endpoint, log.write
                )
            except execution.CannotRun as error:
                log.write("stderr", f"{error}\n")
                return Ending(records.ERROR, str(error))
            while (exit_code := run.wait(LOOK_SECONDS)) is None:
                if ending := self._forced_ending(sessions.get(session_id)):
                    run.stop()
                    return ending
        if exit_code != 0:
            return Ending(records.ERROR, f"The script ended with exit code {exit_code}.")
        return Ending(records.COMPLETE)

    def _forced_ending(self, session: Session) -> Ending | None:
        if self._closing.is_set():
            return Ending(records.ERROR, SERVER_DIED)
        if session.status == records.CANCEL_REQUESTED:
            return Ending(records.CANCEL_ACKNOWLEDGED)
        if self._kaggle.sessions.overdue(session):
            return Ending(records.CANCEL_ACKNOWLEDGED, TIMED_OUT)
        return None

    def _finish(self, session_id: int, ending: Ending) -> None:
        folder = self._kaggle.sessions.folder(session_id)
        try:
            # The outputs first: who sees the end may ask for them at once.
            self._kaggle.sessions.record_outputs(session_id, execution.working_folder(folder))
        finally:
            self._kaggle.sessions.end(session_id, ending.status, ending.failure_message)
        execution.remove_inputs(folder)
