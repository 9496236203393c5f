"""The port for competitions: what is asked of Kaggle to hand a file in and to read its score."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kitctl.domain.runs.run import RunRef
    from kitctl.ports.datasets import UploadSession


class SubmissionStatus(StrEnum):
    """How far Kaggle is with a submission."""

    PENDING = "PENDING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"


@dataclass(frozen=True, kw_only=True)
class CompetitionInfo:
    """A competition; a code competition takes versions of kernels only."""

    slug: str
    title: str
    url: str
    has_entered: bool
    is_code_only: bool


@dataclass(frozen=True, kw_only=True)
class ScoredSubmission:
    """A submission: its number, state and scores; "" where Kaggle shows none (yet)."""

    ref: int
    status: SubmissionStatus
    file_name: str = ""
    description: str = ""
    at: float | None = None
    public_score: str = ""
    private_score: str = ""
    error: str = ""


class CompetitionService(Protocol):
    """Competitions at Kaggle. Every failure is a KitError with a next step."""

    def find(self, slug: str) -> CompetitionInfo | None:
        """Return a competition; None where Kaggle shows this account none of this slug."""

    def announce(self, slug: str, name: str, size: int, modified_at: int) -> UploadSession:
        """Announce the upload of a file that is to be handed in."""

    def submit_file(self, slug: str, token: str, description: str) -> int:
        """Hand an uploaded file in and return the submission's number; sent once.

        Raises AnswerLost where it is not known whether Kaggle took it; after any other failure it
        did not.
        """

    def submit_version(self, slug: str, run: RunRef, file_name: str, description: str) -> int:
        """Hand a file of a kernel's version in; otherwise as `submit_file`."""

    def submission(self, ref: int) -> ScoredSubmission | None:
        """Return a submission; None where Kaggle does not show it (yet)."""

    def newest_submissions(self, slug: str) -> list[ScoredSubmission]:
        """Return the account's newest submissions to a competition, the newest first."""

    def left_today(self, slug: str) -> int | None:
        """Return how many submissions are left of the day; None where Kaggle does not say."""
