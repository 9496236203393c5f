"""Asking Kaggle while the rest of the command is still being loaded: a round trip takes as long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Asked(Thread, Generic[T]):
    """A question under way; concurrent.futures would do, but takes longer to load than this."""

    def __init__(self, question: Callable[[], T]) -> None:
        super().__init__(name="ahead")
        self._question = question
        self._answers: list[T] = []
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._answers.append(self._question())
        except BaseException as error:  # Whoever waits for the answer gets it.
            self._failure = error

    def result(self) -> T:
        """Waits for the answer, or raises the failure."""
        self.join()
        if self._failure is not None:
            raise self._failure
        return self._answers[0]


@contextmanager
def asked_ahead(question: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Asks beside the block, which ends no sooner than the answer has come."""
    asked = Asked(question)
    try:
        yield asked.result
    finally:
        asked.join()
