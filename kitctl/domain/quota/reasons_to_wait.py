"""Which refusals of a push pass by themselves, and what is waited for."""

from __future__ import annotations

import re
from typing import NamedTuple

from kitctl.domain.quota.push_guards import reason_of
from kitctl.errors import Refused

_TEXTS = {
    "sessions_full": "Waiting for a session to end",
    "run_under_way": "Waiting for the kernel's own run to end",
    "source_not_ready": "Waiting for a data source to be ready",
    "quota_exceeded": "Waiting for hours of the week",
}
SESSIONS_FULL = frozenset({"sessions_full"})
ALL_REASONS = frozenset(_TEXTS)
# Kaggle's own words, where sessions run that were not pushed from here.
_KAGGLES_WORDS = (
    (re.compile(r"session count .*reached", re.IGNORECASE), "sessions_full"),
    (re.compile(r"maximum weekly .*quota", re.IGNORECASE), "quota_exceeded"),
)


class WaitReason(NamedTuple):
    """What a push waits for: the kind is an error code."""

    kind: str
    text: str
    refused: Refused

    @property
    def for_quota(self) -> bool:
        """Whether only a new week may help."""
        return self.kind == "quota_exceeded"


def reason_to_wait(refused: Refused) -> WaitReason | None:
    """Return what a refused push may wait for; None where that is of no use."""
    kind = refused.code
    if kind == "push_refused":
        kind = next(
            (code for pattern, code in _KAGGLES_WORDS if pattern.search(refused.message)), ""
        )
    if kind not in _TEXTS:
        return None
    return WaitReason(kind, f"{_TEXTS[kind]}: {_short(refused)}", refused)


def _short(refused: Refused) -> str:
    """Return a refusal without what it says of the push."""
    names = ", ".join(problem.where for problem in refused.problems)
    return names or reason_of(refused)
