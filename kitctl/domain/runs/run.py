"""Runs: their names, their states, and what is known of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from kitctl.domain.runs.run_times import Phase
from kitctl.errors import NextCommand, UsageError

_SLUG = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_KERNEL = re.compile(rf"(?P<owner>{_SLUG})/(?P<slug>{_SLUG})")
_NUMBER = r"[1-9][0-9]{,8}"
_RUN = re.compile(
    rf"(?P<kernel>{_SLUG}/{_SLUG})(?:/v?(?P<of_kernel>{_NUMBER}))?|v?(?P<version>{_NUMBER})"
)


class KernelRef(NamedTuple):
    """A kernel as in Kaggle's addresses: `<owner>/<slug>`."""

    owner: str
    slug: str

    @classmethod
    def parse(cls, text: str) -> KernelRef:
        """Parse `<owner>/<slug>`.

        Raises UsageError for anything else.
        """
        match = _KERNEL.fullmatch(text)
        if not match:
            raise UsageError(
                f"{text!r} names no kernel.",
                code="bad_kernel",
                hint="Write it as OWNER/SLUG, as in the kernel's address on kaggle.com.",
            )
        return cls(match["owner"], match["slug"])

    def __str__(self) -> str:
        return f"{self.owner}/{self.slug}"


def kernel_of_job(owner: str, slug: str, account: Callable[[], str], service: str) -> KernelRef:
    """Return the kernel that a job names; `account` is called only where it is the owner.

    The local Kaggle's account stands in for every owner.
    """
    return KernelRef(owner if owner and service != "local" else account(), slug)


class RunRef(NamedTuple):
    """One version of a kernel: `<owner>/<slug>/<N>`."""

    kernel: KernelRef
    version: int

    @property
    def label(self) -> str:
        """The version as Kaggle's requests need it; for a bare number Kaggle answers 404."""
        return f"v{self.version}"

    def __str__(self) -> str:
        return f"{self.kernel}/{self.version}"


class RunName(NamedTuple):
    """A run as a user names it: kernel and version may both be left out."""

    kernel: KernelRef | None = None
    version: int | None = None

    @classmethod
    def parse(cls, text: str | None) -> RunName:
        """Parse `<N>`, `v<N>`, `<owner>/<slug>/<N>`, `<owner>/<slug>` (its latest), or None.

        None is the latest of this project.

        Raises UsageError for anything else.
        """
        if text is None:
            return cls()
        match = _RUN.fullmatch(text.strip())
        if not match:
            raise UsageError(
                f"{text!r} names no run.",
                code="bad_run",
                hint=(
                    "Name it by its version (3 or v3), whole (OWNER/SLUG/3) or by its kernel "
                    "(OWNER/SLUG, the latest); see `",
                    NextCommand("runs"),
                    "`.",
                ),
            )
        kernel = KernelRef.parse(match["kernel"]) if match["kernel"] else None
        version = match["of_kernel"] or match["version"]
        return cls(kernel, int(version) if version else None)


class Status(StrEnum):
    """Kaggle's states of a session, and SENDING: a push whose answer is not known yet."""

    SENDING = "SENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCEL_ACKNOWLEDGED = "CANCEL_ACKNOWLEDGED"
    # Saved without being run: waiting for it ends at once.
    NEW_SCRIPT = "NEW_SCRIPT"

    @property
    def label(self) -> str:
        """The state as people read it: "cancelled", "cancel requested", "not run"."""
        if self is Status.NEW_SCRIPT:
            return "not run"
        if self is Status.CANCEL_ACKNOWLEDGED:
            return "cancelled"
        return self.lower().replace("_", " ")

    @property
    def ended(self) -> bool:
        return self in ENDED

    @property
    def failed(self) -> bool:
        return self is Status.ERROR

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled or timed out: Kaggle has one state for both."""
        return self is Status.CANCEL_ACKNOWLEDGED

    @property
    def phase(self) -> Phase:
        """What the state says about the accelerator."""
        if self.ended:
            return Phase.ENDED
        return Phase.QUEUED if self in {Status.SENDING, Status.QUEUED} else Phase.RUNNING


ENDED = frozenset({Status.COMPLETE, Status.ERROR, Status.CANCEL_ACKNOWLEDGED, Status.NEW_SCRIPT})


# For how long after a push Kaggle may not show it; a push whose answer was lost is kept so long.
NOT_SHOWN_SECONDS = 900.0

# After that, a run that Kaggle does not show for so long is gone. One moment proves nothing.
GONE_SECONDS = 300.0


@dataclass(frozen=True)
class GitState:
    """The git commit of a job's files; `dirty` is whether they differ, None where unknown."""

    commit: str
    dirty: bool | None

    @property
    def label(self) -> str:
        """The commit as people read it: `1a2b3c4`, with a `+` where the files differ."""
        return self.commit[:7] + ("+" if self.dirty else "")


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """How long a run was expected to take; the ledger compares it with what it then took."""

    seconds: float | None = None
    low_seconds: float | None = None
    high_seconds: float | None = None
    basis: str | None = None


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A push that is about to be sent, recorded before it is."""

    service: str  # "kaggle" or "local"
    account: str
    kernel: KernelRef
    script_sha256: str  # of modules, settings, accelerator and sources
    source_sha256: str  # of the text as sent, by which a lost push is found on Kaggle
    newest_before: int  # the kernel's newest version when this was written; 0: none
    accelerator: str  # Kaggle's machine shape; "" for the CPU
    pool: str  # the hours that it uses: "gpu", "tpu" or "cpu"
    is_packed: bool = False  # a job of kitctl's, not a script of the user's own
    settings: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    timeout_seconds: int | None = None  # as requested
    limit_seconds: float  # when Kaggle ends it, requested or not
    epochs: int | None = None
    forecast: Forecast = Forecast()
    arguments: tuple[str, ...] = ()  # sys.argv[1:] of the script
    environment: Mapping[str, str] = field(default_factory=dict)
    git: GitState | None = None
    source_versions: Mapping[str, str] = field(default_factory=dict)  # as far as Kaggle said
    written_at: float
    job_kernel: KernelRef | None = (
        None  # as the job names it; Kaggle makes a new one's of its title
    )
    name: str = ""  # the user's own name for the run
    message: str = ""  # what the user says of it


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What outputs, log or a competition say of a run; None where it is not known (yet)."""

    session_id: int | None = None
    program_started_at: float | None = None
    program_ended_at: float | None = None
    log_seconds: float | None = None
    epochs_done: int | None = None
    photos: int | None = None
    photo_seconds: float | None = None  # of the phases that grow with the photos
    epoch_seconds: float | None = None
    saved_seconds: float | None = None
    submission: int | None = None  # the number of its newest submission to a competition
    public_score: str | None = None  # of that, as Kaggle writes it
    error_line: str | None = None  # the log's last line that names an error; "" for none


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that the ledger knows of one run.

    Times are seconds since 1970 UTC on Kaggle's clock. `started_at` and `ended_at` are the best
    estimate of when it occupied its machine, `time_source` says from what (see
    `kitctl.domain.runs.run_times`).
    """

    id: int
    intent: Intent
    version: int | None
    status: Status
    failure_message: str = ""
    sending_until: float = 0.0  # after that, it is no longer being sent
    pushed_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    time_source: str | None = None
    missing_since: float | None = None  # when Kaggle first did not show it; None while it does
    facts: Facts = Facts()
    pulled_at: float | None = None
    pulled_to: str | None = None

    @property
    def ref(self) -> RunRef | None:
        return RunRef(self.intent.kernel, self.version) if self.version else None

    @property
    def machine_seconds(self) -> float | None:
        """How long it occupied its machine; None where it has not ended, or that is not known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.machine_seconds_at(self.ended_at)

    def machine_seconds_at(self, now: float) -> float:
        """Return how long it has occupied its machine by `now`; 0 for one that never started."""
        if self.started_at is None:
            return 0.0
        return max(0.0, (self.ended_at or now) - self.started_at)

    def is_gone(self, now: float) -> bool:
        """Return whether Kaggle surely has no such run: never started, or deleted."""
        if self.missing_since is None:
            return False
        pushed_at = self.pushed_at or self.intent.written_at
        if now > pushed_at + self.intent.limit_seconds + NOT_SHOWN_SECONDS:
            return True
        is_old = now > pushed_at + NOT_SHOWN_SECONDS
        return is_old and now - self.missing_since >= GONE_SECONDS

    @property
    def name(self) -> str:
        """`<owner>/<slug>/<N>`, without the version while Kaggle has not answered."""
        return str(self.ref or self.intent.kernel)
