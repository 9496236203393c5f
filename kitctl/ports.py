"""What the operations need of the outside, and what it answers; no implementation here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kitctl.errors import NetworkFailed

if TYPE_CHECKING:
    from kitctl.domain.metadata import Sources
    from kitctl.domain.quota import QuotaReading, RunOccupancy
    from kitctl.domain.results import Algorithm, DownloadedFile, ManifestEntry
    from kitctl.domain.runs import Facts, Intent, KernelRef, Run, RunRef, Status
    from kitctl.errors import Problem


@dataclass(frozen=True, kw_only=True)
class SaveRequest:
    """What SaveKernel is asked to save and run."""

    kernel: KernelRef
    title: str
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


class SavedVersion(NamedTuple):
    """Kaggle's answer to a push that it took."""

    run: RunRef
    url: str
    invalid_sources: tuple[str, ...] = ()  # It runs all the same, without these.


class AnswerLost(NetworkFailed):
    """Whether Kaggle took a push is not known: it did, or it will not."""

    default_code = "answer_lost"


class PolledStatus(NamedTuple):
    """What a poll said of a run."""

    status: Status
    failure_message: str = ""


class KernelVersion(NamedTuple):
    """One version of a kernel as Kaggle holds it."""

    run: RunRef
    source: str
    machine_shape: str


@dataclass(frozen=True)
class LogLine:
    """One line of a run's log: seconds since its start, the stream, the text without newline."""

    time: float
    stream: str
    text: str


class OutputFile(NamedTuple):
    """A file that a run left: its name as Kaggle says it (not to be trusted), and where it is."""

    name: str
    url: str


class Kaggle(Protocol):
    """Kaggle, or what stands for it. Every failure is a KitError with a next step."""

    service: str  # "kaggle" or "local": whose books the ledger writes

    @property
    def credentials(self) -> str:
        """Which credentials are used and where they come from; not what they are."""

    def account(self) -> str:
        """The name of the account whose credentials are used."""

    def now(self) -> float:
        """Kaggle's clock, from the last answer's Date; this machine's before the first."""

    def clock_skew_seconds(self) -> float | None:
        """How far this machine's clock is ahead of Kaggle's; None before the first answer."""

    def newest_version(self, kernel: KernelRef) -> KernelVersion | None:
        """The kernel's newest version; None where there is no such kernel (that we may see)."""

    def version(self, run: RunRef) -> KernelVersion | None:
        """One version; None where Kaggle has no such version."""

    def save(self, job: SaveRequest, newest_before: int) -> SavedVersion:
        """Saves and runs the job once, also when Kaggle's answer to it is lost.

        Raises AnswerLost where it is not known if it runs; after any other failure nothing runs.
        """

    def status(self, run: RunRef) -> PolledStatus:
        """The state of this very version."""

    def outputs(self, run: RunRef) -> Iterator[OutputFile]:
        """All files that an ended run left, page by page; their addresses expire."""

    def log(self, run: RunRef) -> list[LogLine]:
        """The whole log of an ended run."""

    def log_so_far(self, run: RunRef) -> Iterator[LogLine]:
        """What a run that has not ended has written; ends once nothing more comes for a moment."""

    def follow_log(self, run: RunRef) -> Iterator[LogLine]:
        """The log as it comes, each line once, over lost connections, till the run ends."""

    def cancel(self, session_id: int) -> None:
        """Asks Kaggle to stop a session."""

    def quota(self) -> QuotaReading:
        """What Kaggle says of this week's hours."""

    def source_problems(self, sources: Sources) -> tuple[Problem, ...]:
        """What stands in the way of mounting the sources: not there, not ours, not ready yet."""


AdmissionCheck = Callable[["Sequence[Run]"], None]
"""Looks at every run that has not ended; raises Refused to keep the intent out of the ledger."""


class Ledger(Protocol):
    """What this user pushed, and what is known of it. Safe with several kitctl at once."""

    def admit(self, intent: Intent, judge: AdmissionCheck) -> Run:
        """Writes the intent down if `judge` lets it: both in one transaction.

        `judge` is given the account's runs that have not ended, intents of others included, so two
        pushes at once never both pass where only one fits.
        """

    def record_version(self, run_id: int, kernel: KernelRef, version: int, at: float) -> Run:
        """Kaggle took it as this version; from now on it is QUEUED."""

    def record_lost_answer(self, run_id: int, until: float) -> None:
        """Nobody sends this intent any more; from `until` on Kaggle can say what became of it."""

    def withdraw(self, run_id: int) -> None:
        """Forgets an intent that did not become a run."""

    def record_status(
        self, run_id: int, status: Status, at: float, failure_message: str = ""
    ) -> Run:
        """A poll saw this state: keeps when, and works out anew when the run held its machine."""

    def update_facts(self, run_id: int, facts: Facts) -> Run:
        """Adds what is known now; None leaves what was known."""

    def record_pull(self, run_id: int, at: float, folder: str, files: int, size: int) -> None:
        """The run's outputs were fetched, whole and checked."""

    def get(self, service: str, run: RunRef) -> Run | None:
        """The run of this name."""

    def latest(self, service: str, kernel: KernelRef) -> Run | None:
        """The kernel's newest run that Kaggle took."""

    def last_account(self, service: str) -> str | None:
        """The account of the newest run or quota reading: whose books these are, when offline."""

    def same_script_runs(self, service: str, account: str, script_sha256: str) -> list[Run]:
        """Runs of this very script that are under way or done well; newest first."""

    def runs(
        self,
        service: str,
        account: str | None,
        *,
        kernel: KernelRef | None = None,
        statuses: Collection[Status] = (),
        limit: int | None = None,
    ) -> list[Run]:
        """Runs, newest first; `account` None means all of them, an empty `statuses` any."""

    def unfinished_runs(self, service: str, account: str) -> list[Run]:
        """Runs that have not ended as far as the ledger knows; intents included."""

    def past_runs(
        self, service: str, kernel: KernelRef, pool: str, *, limit: int = 20
    ) -> list[Run]:
        """The kernel's COMPLETE runs on this pool, newest first."""

    def usage(self, service: str, account: str, since: float, until: float) -> list[RunOccupancy]:
        """GPU and TPU runs that held their machine in this time, or may have."""

    def runs_without_log(
        self, service: str, account: str, since: float, *, limit: int
    ) -> list[Run]:
        """GPU and TPU runs that ended unseen since then, log unread; the newest first."""

    def store_reading(self, service: str, account: str, reading: QuotaReading) -> None:
        """Keeps the latest reading of each pool and week; Kaggle forgets past weeks."""

    def readings(self, service: str, account: str, since: float) -> list[QuotaReading]:
        """The kept readings of weeks that end after `since`, oldest first."""


@dataclass(frozen=True)
class FileContent:
    """What a file is that is here."""

    bytes: int
    sha256: str


class DownloadInterrupted(NetworkFailed):
    """Not all of a file came; asked again, it goes on where it broke off (or starts over)."""

    default_code = "broken_off"

    def __init__(
        self, message: str, *, retry_after: str | None = None, start_over: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.start_over = start_over


class UrlExpired(NetworkFailed):
    """The signed address does not work any more; a new one is to be asked for."""

    default_code = "url_expired"


class Downloader(Protocol):
    """Fetches files; threads may share it."""

    def fetch(
        self, file: OutputFile, part: Path, algorithm: Algorithm, on_bytes: Callable[[int], None]
    ) -> DownloadedFile:
        """Fetches a file into `part`, going on where an earlier fetch broke off.

        `algorithm`: of the digest that is returned. `on_bytes` is told of every piece, what was
        there before included. Raises BrokenOff and UrlExpired, after which it may be called again.
        """


class ResultsFolder(Protocol):
    """The folder of one run's results on this machine; threads may share it."""

    root: Path

    def exclusive(self, on_wait: Callable[[], None]) -> AbstractContextManager[None]:
        """Keeps every other pull of this run out; `on_wait` is told where it must wait for one."""

    def claim(self, run: str) -> list[str]:
        """Makes the folder this run's: from here on, what another has left counts for nothing.

        Returns the names of the files that pulls of another run have placed.
        """

    def existing(self, name: str, promise: ManifestEntry | None) -> FileContent | None:
        """A file that is there and is what was promised, or what an earlier pull has placed."""

    def part_path(self, name: str) -> Path:
        """Where a file is fetched to."""

    def place(self, name: str, content: FileContent) -> None:
        """Moves a fetched part to its name, whole or not at all, and remembers it."""

    def write(self, name: str, data: bytes) -> None:
        """Writes a file whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """A small file's content; None where it is not there."""


class Clock(Protocol):
    """Time as the operations spend it."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class LocalRun(Protocol):
    """A script that runs on this machine."""

    working: Path
    isolation: str  # One sentence: was there a network, and could the inputs be written to?

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code once it has ended; None while it still runs."""

    def stop(self) -> None:
        """Ends its whole process tree."""


class Runner(Protocol):
    """Starts a script in a folder laid out as Kaggle's."""

    def __call__(
        self,
        root: Path,
        script: bytes,
        mounts: Mapping[str, Path],
        *,
        environment: Mapping[str, str],
        internet: bool,
        on_line: Callable[[str, str, float], None],
        name: str = ...,
    ) -> LocalRun:
        """`mounts`: path under input/ → local folder; `on_line`: stream, line, seconds."""
