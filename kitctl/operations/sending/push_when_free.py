"""Push as soon as Kaggle has room: a session, hours of the week, sources that are ready."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeVar

from kitctl.domain.quota.reasons_to_wait import ALL_REASONS, WaitReason, reason_to_wait
from kitctl.domain.runs.durations import describe
from kitctl.domain.runs.weeks import moment_of, week_of
from kitctl.errors import Interrupted, KitError, NetworkFailed, NextCommand, Refused
from kitctl.operations.watching.network_patience import NetworkPatience
from kitctl.operations.watching.poller import PATIENCE_SECONDS
from kitctl.ports import AnswerLost, Clock, Kaggle, NullReporter, ProgressBar, Reporter

T = TypeVar("T")

# Seconds between two tries; each asks Kaggle a handful of questions.
PAUSES = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0)
LONGEST_PAUSE = 60.0
# While the week's hours are waited for, which runs under way may give back.
LONGEST_QUOTA_PAUSE = 10 * 60.0


def push_when_free(
    push: Callable[[Reporter], T],
    kaggle: Kaggle,
    clock: Clock,
    reporter: Reporter,
    waits_for: Collection[str] = ALL_REASONS,
) -> tuple[T, float]:
    """Push again and again until it is not refused for want of room; return the seconds waited.

    `waits_for` are the kinds of reasons to wait; others are refused as they are.

    Nothing is written down, so that Ctrl-C and kill -9 leave nothing behind: the same call waits
    on, and the guards keep two of them from sending the same script twice.

    Raises Refused where waiting does not help.
    """
    started = clock.monotonic()
    try:
        return push(reporter), 0.0
    except Refused as refused:
        first = _reason(refused, waits_for)
    try:
        with reporter.progress(first.text) as bar:
            result = _Wait(push, kaggle, clock, reporter, waits_for, bar).until_free(first)
    except KeyboardInterrupt:
        raise Interrupted(
            "Stopped by Ctrl-C while waiting. Nothing was sent, and nothing waits any more.",
            hint=NextCommand("push", "--when-free", "waits on"),
        ) from None
    return result, clock.monotonic() - started


class _Wait(Generic[T]):
    def __init__(
        self,
        push: Callable[[Reporter], T],
        kaggle: Kaggle,
        clock: Clock,
        reporter: Reporter,
        waits_for: Collection[str],
        bar: ProgressBar,
    ) -> None:
        self._push, self._kaggle, self._clock, self._bar = push, kaggle, clock, bar
        self._reporter, self._waits_for = _WithoutProgress(reporter), waits_for
        self._reset_waited_for: float | None = None
        self._patience = NetworkPatience(clock, PATIENCE_SECONDS)

    def until_free(self, reason: WaitReason) -> T:
        pauses = iter(PAUSES)
        while True:
            if reason.for_quota:
                pause = min(next(pauses, LONGEST_QUOTA_PAUSE), self._until_reset(reason))
            else:
                self._bar.describe(reason.text)
                pause = next(pauses, LONGEST_PAUSE)
            self._clock.sleep(pause)
            try:
                return self._push(self._reporter)
            except Refused as refused:
                self._patience.renew()
                last, reason = reason, _reason(refused, self._waits_for)
                if reason.kind != last.kind:
                    pauses = iter(PAUSES)
            except AnswerLost:
                raise
            except NetworkFailed as error:
                if self._patience.is_exhausted():
                    raise
                self._reporter.warn(f"{error.message} Nothing was sent; still waiting.")

    def _until_reset(self, reason: WaitReason) -> float:
        """Return the seconds to the week's reset, which is waited for once only.

        Raises Refused where not even a new week has hours enough.
        """
        now = self._kaggle.now()
        try:
            refreshes_at = self._kaggle.quota().refreshes_at
        except KitError:
            refreshes_at = None
        end = week_of(now, refreshes_at).end
        if self._reset_waited_for is not None and end > self._reset_waited_for:
            raise reason.refused
        self._reset_waited_for = end
        until = f"{moment_of(end):%a %d %b %H:%M} UTC"
        self._bar.describe(f"{reason.text} At the latest {until}", f", in {describe(end - now)}")
        return max(1.0, end - now + 1.0)


def _reason(refused: Refused, waits_for: Collection[str]) -> WaitReason:
    """Return what a refused push has to wait for.

    Raises Refused, as it is, where waiting does not help or is not wanted.
    """
    reason = reason_to_wait(refused)
    if reason is None or reason.kind not in waits_for:
        raise refused
    return reason


class _WithoutProgress:
    """A reporter for tries that come again and again: no bar of their own."""

    def __init__(self, reporter: Reporter) -> None:
        self.info = reporter.info
        self.warn = reporter.warn
        self.hint = reporter.hint

    def progress(
        self, text: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[ProgressBar]:
        return nullcontext(NullReporter())
