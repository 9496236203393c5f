"""The user's own words on a run, which the ledger keeps: a name and a message."""

from __future__ import annotations

from kitctl.domain.job import secrets
from kitctl.errors import UsageError

LONGEST_NOTE = 500


def check_note(option: str, text: str) -> str:
    """Return the text of an option in one line.

    Raises UsageError where it is too long or holds a credential.
    """
    line = " ".join(text.split())
    if len(line) > LONGEST_NOTE:
        raise UsageError(
            f"{option} has {len(line)} characters.", hint=f"Keep it under {LONGEST_NOTE}."
        )
    if any(secrets.find_credentials(text)):
        raise UsageError(
            f"{option} holds a credential; the ledger keeps none.", hint="Take it out."
        )
    return line
