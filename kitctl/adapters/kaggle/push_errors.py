"""Errors of a push and of a cancellation."""

from __future__ import annotations

from kitctl.errors import NextCommand, Refused
from kitctl.ports import AnswerLost


def answer_lost(why: str) -> AnswerLost:
    """Return the error of a push that Kaggle may have taken."""
    return AnswerLost(
        f"{why} It is not known whether Kaggle took the push; it was not sent again.",
        hint=(
            NextCommand("runs", note="asks Kaggle what became of it"),
            "   (push again only after that)",
        ),
    )


def push_refused(message: str) -> Refused:
    """Return the error of a push that Kaggle refused, in its own words."""
    return Refused(
        f'Kaggle refused the push: "{message}" Nothing runs.',
        code="push_refused",
        hint=NextCommand("quota", note="what is left, and what runs"),
    )


def not_cancelled(message: str) -> Refused:
    """Return the error of a run that Kaggle did not stop, in its own words."""
    return Refused(
        f'Kaggle did not cancel the run; it goes on. It says: "{message}"',
        code="not_cancelled",
        hint="Stop it on its page at kaggle.com: ⋮ → Cancel run.",
    )
