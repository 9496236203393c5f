"""`submit`: hand a run's file in to its competition, and read the score."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.results.files import ExpectedFile
from kitctl.domain.runs.run import Facts
from kitctl.errors import (
    Interrupted,
    InvalidInput,
    KitError,
    NextCommand,
    Refused,
    RunFailed,
)
from kitctl.operations.pulling.fetch_files import USUAL_TRIES, FileFetcher, FileUrls
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import read_status
from kitctl.ports import (
    AnswerLost,
    Clock,
    CompetitionInfo,
    CompetitionService,
    Downloader,
    Kaggle,
    Ledger,
    Reporter,
    ResultsFolder,
    ScoredSubmission,
    SubmissionStatus,
    Uploader,
)

DEFAULT_FILE = "submission.csv"

# Seconds before each look for a submission whose answer was lost.
LOOK_PAUSES = (0.5, 2.0, 5.0, 10.0)
# Seconds between two questions for a score.
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
LONGEST_PAUSE = 60.0


@dataclass(frozen=True, kw_only=True)
class SubmitPorts:
    """What handing a file in works with; `scratch` is a folder for the file on its way."""

    kaggle: Kaggle
    competitions: CompetitionService
    ledger: Ledger
    downloads: Downloader
    uploader: Uploader
    scratch: ResultsFolder
    clock: Clock
    reporter: Reporter


@dataclass(frozen=True, kw_only=True)
class SubmitResult:
    """A submission and the run that it is from; `left_today`: None where Kaggle does not say."""

    run: str
    competition: CompetitionInfo
    file: str
    submission: ScoredSubmission
    left_today: int | None

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with where Kaggle could not score it."""
        if self.submission.status is not SubmissionStatus.ERROR:
            return None
        return RunFailed(
            f'Kaggle could not score the submission: "{self.submission.error}"',
            code="submission_failed",
            hint=f"Compare {self.file} with the sample submission at {self.competition.url}/data.",
        )

    def as_data(self) -> dict[str, Any]:
        submission = self.submission
        return {
            "run": self.run,
            "competition": self.competition.slug,
            "file": self.file,
            "submission": submission.ref,
            "status": submission.status,
            "public_score": submission.public_score or None,
            "private_score": submission.private_score or None,
            "error": submission.error or None,
            "left_today": self.left_today,
            "url": f"{self.competition.url}/submissions",
        }


def submit(
    target: TargetRun, slug: str, name: str, message: str, ports: SubmitPorts, *, wait: bool
) -> SubmitResult:
    """Hand a file of an ended run in: to a code competition the run itself, else the file.

    Raises InvalidInput where there is no such competition or file, Refused where Kaggle refuses it:
    then nothing was handed in. AnswerLost where that is not known.
    """
    with ports.reporter.progress(f"Handing in {target.ref}"):
        competition = ports.competitions.find(slug)
        if competition is None:
            raise InvalidInput(
                f"Kaggle shows this account no competition {slug!r}.",
                code="not_found",
                hint="Its slug is the last part of its address at"
                " https://www.kaggle.com/competitions.",
            )
        _require_file(target, name, ports)
        description = message or f"{target.ref} {name}"
        ref = _send(target, competition, name, description, ports)
        _record(target, ports, Facts(submission=ref))
    submission = _read(ref, ports, wait=wait)
    if submission.public_score:
        _record(target, ports, Facts(public_score=submission.public_score))
    left = None
    # How many are left is an aside: it must not hide that the submission was taken.
    with suppress(KitError):
        left = ports.competitions.left_today(slug)
    return SubmitResult(
        run=str(target.ref),
        competition=competition,
        file=name,
        submission=submission,
        left_today=left,
    )


def _require_file(target: TargetRun, name: str, ports: SubmitPorts) -> None:
    """Raise where the run has not ended well or left no such file."""
    status = read_status(target, ports.kaggle, ports.ledger)
    if not status.status.ended:
        raise Refused(
            f"{target.ref} has not ended ({status.status.label}); nothing was handed in.",
            code="run_under_way",
            hint=(NextCommand("wait", "RUN", run=str(target.ref)), ", then submit again"),
        )
    names = [file.name for file in ports.kaggle.listed_files(target.ref)]
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    near = near or [other for other in names if other.endswith(".csv")][:3]
    left = f"It left {', '.join(near)}." if near else f"It left {len(names)} other files."
    raise InvalidInput(
        f"{target.ref} left no file {name}. {left} Nothing was handed in.",
        code="file_missing",
        hint=NextCommand(
            "submit", f"RUN --file {near[0] if near else 'NAME'}", run=str(target.ref)
        ),
    )


def _send(
    target: TargetRun,
    competition: CompetitionInfo,
    name: str,
    description: str,
    ports: SubmitPorts,
) -> int:
    """Hand the file in once, and return the submission's number."""
    slug = competition.slug
    if competition.is_code_only:
        sent_at = ports.kaggle.now()
        try:
            return ports.competitions.submit_version(slug, target.ref, name, description)
        except AnswerLost as lost:
            return _look_for(slug, description, sent_at, lost, ports)
    file = _fetch(target, name, ports)
    status = file.stat()
    session = ports.competitions.announce(
        slug, name.rpartition("/")[2], status.st_size, int(status.st_mtime)
    )
    ports.uploader.send(session, file, resume=False, on_bytes=lambda _: None)
    sent_at = ports.kaggle.now()
    try:
        return ports.competitions.submit_file(slug, session.token, description)
    except AnswerLost as lost:
        return _look_for(slug, description, sent_at, lost, ports)


def _fetch(target: TargetRun, name: str, ports: SubmitPorts) -> Path:
    """Download the run's file: one that is here may be another run's, or changed."""
    kaggle, folder = ports.kaggle, ports.scratch
    urls = FileUrls(kaggle.outputs(target.ref), lambda: kaggle.outputs(target.ref))
    sizes = {file.name: file.bytes for file in kaggle.listed_files(target.ref)}
    fetcher = FileFetcher(urls, ports.downloads, folder, refetch=True, tries=USUAL_TRIES)
    with folder.exclusive(lambda: None):
        fetcher.download(name, ExpectedFile(listed_bytes=sizes.get(name)))
    return folder.part_path(name)


def _look_for(
    slug: str, description: str, sent_at: float, lost: AnswerLost, ports: SubmitPorts
) -> int:
    """Look for a submission whose answer was lost; it is never sent again."""
    ports.reporter.warn(f"{lost.message} Looking for it.")
    for pause in LOOK_PAUSES:
        ports.clock.sleep(pause)
        with suppress(KitError):
            for one in ports.competitions.newest_submissions(slug):
                # Kaggle's clock is known to a second or two.
                if one.description == description and (one.at or 0.0) >= sent_at - 2.0:
                    return one.ref
    raise lost


def _read(ref: int, ports: SubmitPorts, *, wait: bool) -> ScoredSubmission:
    """Return the submission, `wait`: once it is scored, however long that takes."""
    pauses = iter(PAUSES)
    try:
        with ports.reporter.progress(f"Kaggle is scoring submission {ref}"):
            while True:
                answer = ports.competitions.submission(ref)
                submission = answer or ScoredSubmission(ref=ref, status=SubmissionStatus.PENDING)
                if not wait or submission.status is not SubmissionStatus.PENDING:
                    return submission
                ports.clock.sleep(next(pauses, LONGEST_PAUSE))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped by Ctrl-C. Submission {ref} was handed in, and Kaggle goes on scoring it.",
            hint="Its score comes to the competition's page, under Submissions.",
        ) from None


def _record(target: TargetRun, ports: SubmitPorts, facts: Facts) -> None:
    if target.record is not None:
        ports.ledger.update_facts(target.record.id, facts)
