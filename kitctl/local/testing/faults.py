"""Injected faults: what a network and a busy service do to a client, when a test asks for it."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kitctl.local.state.errors import bad_request
from kitctl.local.testing import event_forms

KINDS = ("latency", "status", "expired", "drop", "lost_answer", "answer", "events")
# These last until faults are cleared, unless a count is given.
LASTING = ("latency", "events")


@dataclass
class Fault:
    """One requested fault; its fields are the keys of the request.

    `method` is an API method ("SaveKernel"), "download", "upload", "logs", or "*" for all of them;
    `count` is the number of calls it applies to (None: until faults are cleared).

    The kind "answer" sends `status`, `headers` and `body` (text, or `body_base64`) as they are. The
    call itself takes effect only with `after_effect`: before the answer, or `effect_after_seconds`
    later by the local Kaggle's clock. A header Content-Length that promises more than the body
    has ends the connection after the body.

    The kind "events" gives the events of log streams another `form`, until faults are cleared.
    """

    kind: str
    method: str = "*"
    count: int | None = 1
    seconds: float = 0.0  # latency: the delay before the call is served
    status: int = 503  # status, answer: the status instead of the call's own response
    retry_after: float | None = None
    after_bytes: int = 0  # drop: the connection ends after this many bytes of the body
    after_events: int | None = None  # drop: or after this many events of a log stream
    form: str = ""  # events: a name in event_forms.FORMS
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    body_base64: str = ""
    after_effect: bool = False
    effect_after_seconds: float = 0.0

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Fault:
        if body.get("kind") not in KINDS:
            raise bad_request(f"A fault's kind is one of {', '.join(KINDS)}.")
        unknown = body.keys() - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            raise bad_request(f"A fault has no {', '.join(sorted(unknown))}.")
        defaults = {
            "count": None if body["kind"] in LASTING else 1,
            "status": 200 if body["kind"] == "answer" else 503,
        }
        fault = cls(**{**defaults, **body})
        if fault.kind == "events" and fault.form not in event_forms.FORMS:
            raise bad_request(f"A form of events is one of {', '.join(event_forms.FORMS)}.")
        try:
            fault.content()
        except binascii.Error as error:
            raise bad_request('"body_base64" is no base64.') from error
        return fault

    def content(self) -> bytes:
        """Return the body of an answer."""
        if self.body_base64:
            return base64.b64decode(self.body_base64, validate=True)
        return self.body.encode()


class Faults:
    """Pending faults, and the number of calls by method. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []
        self._calls: Counter[str] = Counter()
        self._resets = 0

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Remove every pending fault and count calls from 0."""
        with self._lock:
            self._pending.clear()
            self._calls.clear()

    def reset(self) -> None:
        """Clear the faults, and cancel effects that have not happened yet."""
        self.clear()
        self._resets += 1

    @property
    def resets(self) -> int:
        """How often the faults were reset: a delayed effect looks whether it is still wanted."""
        return self._resets

    def calls(self) -> dict[str, int]:
        """Return how often each method was called since the start or the last `clear`."""
        with self._lock:
            return dict(self._calls)

    def take(self, method: str) -> list[Fault]:
        """Count a call and return its faults; each is then used up by one."""
        with self._lock:
            self._calls[method] += 1
            due = [fault for fault in self._pending if fault.method in (method, "*")]
            for fault in due:
                if fault.count is not None:
                    fault.count -= 1
            self._pending = [f for f in self._pending if f.count is None or f.count > 0]
            return due
