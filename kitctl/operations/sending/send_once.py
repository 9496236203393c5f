"""Send a push once: what Kaggle's answer, or none, means for the ledger and for the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from kitctl.domain.runs.run import NOT_SHOWN_SECONDS, Run
from kitctl.errors import Interrupted, KitError, NextCommand
from kitctl.operations.watching.lost_pushes import settle
from kitctl.ports import AnswerLost, Clock, Kaggle, Ledger, Reporter, SavedVersion, SaveRequest

# Seconds before each look for a push whose answer was lost.
LOOK_PAUSES = (0.5, 2.0, 5.0, 10.0)

ASK_LATER = (
    NextCommand("runs", note="asks Kaggle what became of it"),
    f"   (Kaggle may take {NOT_SHOWN_SECONDS / 60:.0f} minutes to show it; push again only then)",
)


def send_once(
    request: SaveRequest,
    run: Run,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
) -> tuple[Run, SavedVersion]:
    """Send the request of an intent in the ledger; return the run that it became.

    The ledger forgets the intent where nothing runs for sure, and keeps it in doubt.

    Raises AnswerLost where it is not known whether it runs.
    """
    with _interrupt("The push was being sent: a run may be under way, and the ledger keeps it."):
        try:
            saved = kaggle.save(request)
        except AnswerLost as lost:
            reporter.warn(f"{lost.message} Looking for it.")
            return _look_for(run, kaggle, ledger, clock, reporter, lost)
        except KitError:
            # Where the ledger cannot be written, it forgets the intent later.
            with suppress(KitError):
                ledger.withdraw(run.id)
            raise
    under_way = f"Kaggle took the push: {saved.run} is under way."
    with _interrupt(under_way), _with_sentence(under_way):
        ref = saved.run
        return ledger.record_version(run.id, ref.kernel, ref.version, kaggle.now()), saved


def _look_for(
    run: Run,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    lost: AnswerLost,
) -> tuple[Run, SavedVersion]:
    """Look for a while for the version that a push whose answer was lost has made.

    Not to find it proves nothing, so nothing is ever sent again.
    """
    with suppress(KitError):
        ledger.record_lost_answer(run.id, kaggle.now() + NOT_SHOWN_SECONDS)
    for pause in LOOK_PAUSES:
        clock.sleep(pause)
        try:
            settled = settle(run, kaggle, ledger, reporter)
        except KitError:
            break
        if settled is not None and settled.ref is not None:
            return settled, SavedVersion(settled.ref, "")
    raise AnswerLost(f"{lost.message} The ledger keeps it.", hint=ASK_LATER) from None


@contextmanager
def _interrupt(sentence: str) -> Iterator[None]:
    """On Ctrl-C, say what became of the push."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"Stopped by Ctrl-C. {sentence}", hint=ASK_LATER) from None


@contextmanager
def _with_sentence(sentence: str) -> Iterator[None]:
    """Add a sentence to the error of the ledger."""
    try:
        yield
    except KitError as error:
        error.message = f"{error.message} {sentence}"
        raise
