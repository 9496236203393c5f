"""Runs: how they are named, the states they go through, what is known of one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from kitctl.domain.run_times import Phase
from kitctl.errors import NextCommand, UsageError

_SLUG = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_KERNEL = re.compile(rf"(?P<owner>{_SLUG})/(?P<slug>{_SLUG})")
_RUN = re.compile(rf"(?:(?P<kernel>{_SLUG}/{_SLUG})/)?v?(?P<version>[1-9][0-9]*)")


class KernelRef(NamedTuple):
    """A kernel as Kaggle's addresses name it: `<owner>/<slug>`."""

    owner: str
    slug: str

    @classmethod
    def parse(cls, text: str) -> KernelRef:
        found = _KERNEL.fullmatch(text)
        if not found:
            raise UsageError(
                f"{text!r} names no kernel.",
                code="bad_kernel",
                hint="Write it as OWNER/SLUG, as in the kernel's address on kaggle.com.",
            )
        return cls(found["owner"], found["slug"])

    def __str__(self) -> str:
        return f"{self.owner}/{self.slug}"


class RunRef(NamedTuple):
    """One version of a kernel: `<owner>/<slug>/<N>`."""

    kernel: KernelRef
    version: int

    @property
    def label(self) -> str:
        """The version as Kaggle's requests want it; a bare number is answered with 404."""
        return f"v{self.version}"

    def __str__(self) -> str:
        return f"{self.kernel}/{self.version}"


class RunName(NamedTuple):
    """A run as a person names it: kernel and version may both be left out."""

    kernel: KernelRef | None = None
    version: int | None = None

    @classmethod
    def parse(cls, text: str | None) -> RunName:
        """Reads `<N>`, `v<N>`, `<owner>/<slug>/<N>`, or nothing (the latest of this project)."""
        if text is None:
            return cls()
        found = _RUN.fullmatch(text.strip())
        if not found:
            raise UsageError(
                f"{text!r} names no run.",
                code="bad_run",
                hint=(
                    "Name it by its version (3 or v3) or whole (OWNER/SLUG/3); see `",
                    NextCommand("runs"),
                    "`.",
                ),
            )
        kernel = KernelRef.parse(found["kernel"]) if found["kernel"] else None
        return cls(kernel, int(found["version"]))


class Status(StrEnum):
    """Kaggle's states of a session, and SENDING: the push whose answer is not known yet."""

    SENDING = "SENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCEL_ACKNOWLEDGED = "CANCEL_ACKNOWLEDGED"
    # Saved without being run: ended, as far as waiting for it goes.
    NEW_SCRIPT = "NEW_SCRIPT"

    @property
    def ended(self) -> bool:
        return self in ENDED

    @property
    def failed(self) -> bool:
        return self is Status.ERROR

    @property
    def cancelled(self) -> bool:
        """Cancelled or timed out: Kaggle has one state for both."""
        return self is Status.CANCEL_ACKNOWLEDGED

    @property
    def phase(self) -> Phase:
        """What it says about the accelerator."""
        if self.ended:
            return Phase.ENDED
        return Phase.QUEUED if self in {Status.SENDING, Status.QUEUED} else Phase.RUNNING


ENDED = frozenset({Status.COMPLETE, Status.ERROR, Status.CANCEL_ACKNOWLEDGED, Status.NEW_SCRIPT})


# So long a push may take to be sent; an intent that is older was left behind by a kitctl that died.
SENDING_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """How long a run was expected to take, kept beside what it then took."""

    seconds: float | None = None
    low_seconds: float | None = None
    high_seconds: float | None = None
    basis: str | None = None


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A push that is about to be sent, written down before it is."""

    service: str  # "kaggle" or "local": separate books
    account: str
    kernel: KernelRef
    script_sha256: str  # of modules, settings, accelerator and sources
    source_sha256: str  # of the text as sent, by which it is found again on Kaggle
    newest_before: int  # the kernel's newest version when this was written; 0: none
    accelerator: str  # Kaggle's machine shape; "" for the CPU
    pool: str  # whose hours it uses: "gpu", "tpu" or "cpu"
    settings: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    timeout_seconds: int | None = None  # as asked for
    limit_seconds: float  # when Kaggle ends it, asked for or not
    epochs: int | None = None
    forecast: Forecast = Forecast()
    written_at: float


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the outputs or the log of a run told about it; None: not known (yet)."""

    session_id: int | None = None
    program_started_at: float | None = None
    program_ended_at: float | None = None
    log_seconds: float | None = None
    epochs_done: int | None = None
    photos: int | None = None
    photo_seconds: float | None = None  # of what grows with the photos
    epoch_seconds: float | None = None
    saved_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that the ledger knows of one run.

    Times are seconds since 1970 UTC on Kaggle's clock. `started_at` and `ended_at` say when it held
    its machine, as well as it is known; `time_source` says from what (`kitctl.domain.run_times`).
    """

    id: int
    intent: Intent
    version: int | None
    status: Status
    failure_message: str = ""
    sending_until: float = 0.0  # after that, nobody is sending it any more
    pushed_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    time_source: str | None = None
    facts: Facts = Facts()
    pulled_at: float | None = None
    pulled_to: str | None = None

    @property
    def ref(self) -> RunRef | None:
        return RunRef(self.intent.kernel, self.version) if self.version else None

    @property
    def name(self) -> str:
        """`<owner>/<slug>/<N>`; without a version as long as Kaggle has not answered."""
        return str(self.ref or self.intent.kernel)


def source_sha256(text: str) -> str:
    """Tells two sources apart by what Kaggle keeps of them.

    Kaggle may change line ends and the layout of a notebook's JSON, so neither counts.
    """
    try:
        notebook = json.loads(text)
        same = json.dumps([_cell(cell) for cell in notebook["cells"]])
    except (ValueError, TypeError, KeyError):
        same = "\n".join(text.splitlines()).rstrip()
    return hashlib.sha256(same.encode("utf-8", "surrogatepass")).hexdigest()


def _cell(cell: Mapping[str, str | list[str]]) -> tuple[object, str]:
    return cell["cell_type"], "".join(cell["source"])
