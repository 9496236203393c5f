"""The log of a run, read as it comes."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable

from kitctl.domain.runs.run import RunRef
from kitctl.errors import InvalidInput, KitError
from kitctl.ports import Kaggle, LogLine, Reporter

# How long the next line of the log may take after the run's end; then the log that Kaggle has
# stored is read.
LAST_LINES_SECONDS = 10.0

OnLine = Callable[[LogLine], None]


class FollowedLog:
    """The log, read in a thread of its own, since reading blocks while the job is silent."""

    def __init__(
        self,
        ref: RunRef,
        kaggle: Kaggle,
        on_line: OnLine,
        reporter: Reporter,
        last_lines_seconds: float,
    ) -> None:
        self._ref, self._kaggle, self._on_line, self._reporter = ref, kaggle, on_line, reporter
        self._last_lines_seconds = last_lines_seconds
        self._passed_on: Counter[str] = Counter()
        self._lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
        self._ended = False
        self._stop = threading.Event()
        threading.Thread(target=self._read, daemon=True, name=f"log of {ref}").start()

    def pass_on_lines(self, seconds: float) -> bool:
        if self._ended:
            self._stop.wait(seconds)
            return False
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return False
            if line is None:
                self._ended = True
                return True
            self._pass_on(line)

    def finish(self) -> None:
        lines_before = -1
        while not self._ended and self._passed_on.total() > lines_before:
            lines_before = self._passed_on.total()
            self.pass_on_lines(self._last_lines_seconds)
        # An end without any line may be another's answer.
        if not self._ended or not self._passed_on:
            self._ended = True
            self._pass_on_stored_log()

    def _pass_on(self, line: LogLine) -> None:
        self._passed_on[line.stream] += 1
        self._on_line(line)

    def _pass_on_stored_log(self) -> None:
        """Pass on what the stream, which has not ended with the run, has left out."""
        known = Counter(self._passed_on)
        try:
            for line in self._kaggle.log(self._ref):
                if known[line.stream] > 0:
                    known[line.stream] -= 1
                else:
                    self._pass_on(line)
        except KitError as error:
            self._reporter.warn(f"{error.message} The end of the log is missing.")

    def _read(self) -> None:
        while not self._ended:
            try:
                for line in self._kaggle.follow_log(self._ref):
                    self._lines.put(line)
                break
            except InvalidInput:
                # There is no log yet.
                if self._stop.wait(3.0):
                    return
            except KitError:
                # The polls find out whether Kaggle stays unreachable.
                if self._stop.wait(10.0):
                    return
        self._lines.put(None)
