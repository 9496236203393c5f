"""The port to Kaggle: what is asked of it, and its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kitctl.errors import NetworkFailed

if TYPE_CHECKING:
    from kitctl.domain.job.metadata import Sources
    from kitctl.domain.quota.quota import QuotaReading
    from kitctl.domain.runs.run import KernelRef, RunRef, Status
    from kitctl.errors import Problem


@dataclass(frozen=True, kw_only=True)
class SaveRequest:
    """A version of a kernel to save and, where `runs`, to run."""

    kernel: KernelRef
    title: str  # "" where the kernel keeps its own
    text: str
    language: str
    kernel_type: str
    is_private: bool
    enable_gpu: bool
    enable_tpu: bool
    enable_internet: bool
    machine_shape: str
    sources: Sources
    keywords: tuple[str, ...] = ()
    id_no: int | None = None
    docker_image: str = ""
    docker_image_pinning_type: str = ""
    timeout_seconds: int | None = None
    runs: bool = True


class SavedVersion(NamedTuple):
    """Kaggle's answer to a request that it accepted; it runs without the `invalid_sources`."""

    run: RunRef
    url: str
    invalid_sources: tuple[str, ...] = ()


class AnswerLost(NetworkFailed):
    """It is not known whether Kaggle accepted a push; nothing was sent twice."""

    default_code = "answer_lost"


class PolledStatus(NamedTuple):
    """A run's state as Kaggle reports it."""

    status: Status
    failure_message: str = ""


class SourceVersion(NamedTuple):
    """The newest version of a source: a label that changes with it, and when it was made."""

    label: str
    made_at: float | None


class KernelVersion(NamedTuple):
    """One version of a kernel as Kaggle holds it.

    `last_run_at` and `kernel_number` (Kaggle's `id_no`) are its kernel's.
    """

    run: RunRef
    source: str
    machine_shape: str
    last_run_at: float | None = None
    kernel_number: int | None = None


@dataclass(frozen=True)
class LogLine:
    """One line of a run's log: seconds since its start, the stream, the text without newline."""

    time: float
    stream: str
    text: str


class OutputFile(NamedTuple):
    """A file that a run left: its name as Kaggle reports it (not to be trusted), and its URL."""

    name: str
    url: str


class ListedFile(NamedTuple):
    """A file that a run left: its name, its size and its time, as Kaggle lists them.

    The size is None where Kaggle does not give it.
    """

    name: str
    bytes: int | None
    created_at: str


class Kaggle(Protocol):
    """Kaggle, or the local Kaggle. Every failure is a KitError with a next step."""

    service: str
    """Either "kaggle" or "local": the ledger keeps their runs apart."""

    @property
    def credentials(self) -> str:
        """Which credentials are used and where they come from; not what they are."""

    def account(self) -> str:
        """Return the name of the account whose credentials are used."""

    def now(self) -> float:
        """Return Kaggle's clock, from the last answer's Date; this machine's before the first."""

    def clock_skew_seconds(self) -> float | None:
        """Return how far this machine's clock is ahead of Kaggle's; None before an answer."""

    def newest_version(self, kernel: KernelRef) -> KernelVersion | None:
        """Return the kernel's newest version; None where Kaggle shows us no such kernel."""

    def kernel_of_number(self, number: int) -> KernelRef | None:
        """Return the account's kernel that has this number (`id_no`); None where it has none."""

    def version(self, run: RunRef) -> KernelVersion | None:
        """Return one version; None where Kaggle has no such version."""

    def lists(self, kernel: KernelRef) -> bool:
        """Return whether Kaggle lists a kernel among its owner's, even where it shows no version.

        Raises Refused where the credentials may not list.
        """

    def save(self, request: SaveRequest) -> SavedVersion:
        """Save and run a version; the request is sent once, whatever becomes of it.

        Raises AnswerLost where it is not known if it runs; after any other failure nothing runs.
        """

    def status(self, run: RunRef) -> PolledStatus:
        """Return the state of this very version.

        Raises InvalidInput where Kaggle shows no such run.
        """

    def outputs(self, run: RunRef) -> Iterator[OutputFile]:
        """Yield all files that an ended run left, page by page; their URLs expire."""

    def listed_files(self, run: RunRef) -> Iterator[ListedFile]:
        """Yield the sizes and times of all files that an ended run left, page by page."""

    def output(self, run: RunRef, name: str, largest_bytes: int) -> bytes | None:
        """Return one file that an ended run left; None where there is none, or a larger one."""

    def log(self, run: RunRef) -> Iterator[LogLine]:
        """Yield the whole log of an ended run as it is read: it may be longer than memory."""

    def log_so_far(self, run: RunRef) -> Iterator[LogLine]:
        """Yield the log of a run that has not ended, until nothing more comes for a moment."""

    def follow_log(self, run: RunRef) -> Iterator[LogLine]:
        """Yield the log as it comes, each line once, over lost connections, until the run ends.

        Raises InvalidInput while there is no log.
        """

    def cancel(self, session_id: int) -> None:
        """Ask Kaggle to stop a session.

        Raises Refused where it does not.
        """

    def quota(self) -> QuotaReading:
        """Return what Kaggle reports of this week's hours."""

    def source_problems(self, sources: Sources) -> tuple[Problem, ...]:
        """Return the sources that cannot be mounted: missing, not ours or not ready yet.

        Those that Kaggle does not say about are UncheckedSource.
        """

    def source_versions(self, sources: Sources) -> Mapping[str, SourceVersion]:
        """Return the newest version of each data set and kernel without a version of its own.

        A source of which Kaggle does not say it is left out.
        """
