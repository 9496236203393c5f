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
from kitctl.operations.watching.require_ended import require_complete
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
class SubmitOptions:
    """Which file of a run is handed in, and the user's words on it.

    `again` hands it in once more, `force` also that of a run that did not end well. `wait` waits
    until it is scored.
    """

    file: str = "submission.csv"
    message: str = ""
    wait: bool = False
    again: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class SubmitResult:
    """A submission and the run that it is from; `left_today`: None where Kaggle does not say.

    `sent`: it was handed in now, not by an earlier call.
    """

    run: str
    competition: CompetitionInfo
    file: str
    submission: ScoredSubmission
    left_today: int | None
    sent: bool

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
            "sent": self.sent,
            "status": submission.status,
            "public_score": submission.public_score or None,
            "private_score": submission.private_score or None,
            "error": submission.error or None,
            "left_today": self.left_today,
            "url": f"{self.competition.url}/submissions",
        }


def submit(
    target: TargetRun, slug: str, options: SubmitOptions, ports: SubmitPorts
) -> SubmitResult:
    """Hand a file of a complete run in: to a code competition the run itself, else the file.

    One that was handed in already is not sent again: its score is read.

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
        require_complete(target, ports.kaggle, ports.ledger, "submit", force=options.force)
        _require_file(target, options.file, ports)
        description = _description(target, options)
        earlier = None if options.again else _find_earlier(target, competition, options, ports)
        ref = earlier or _send(target, competition, options.file, description, ports)
        _record(target, ports, Facts(submission=ref))
    submission = _read(ref, ports, wait=options.wait)
    if submission.public_score:
        _record(target, ports, Facts(public_score=submission.public_score))
    left = None
    # How many are left is an aside: it must not hide that the submission was taken.
    with suppress(KitError):
        left = ports.competitions.left_today(slug)
    return SubmitResult(
        run=str(target.ref),
        competition=competition,
        file=options.file,
        submission=submission,
        left_today=left,
        sent=earlier is None,
    )


def _find_earlier(
    target: TargetRun, competition: CompetitionInfo, options: SubmitOptions, ports: SubmitPorts
) -> int | None:
    """Return the number of an earlier submission of this file; None where Kaggle shows none.

    One that could not be scored does not count.
    """
    noted = target.record.facts.submission if target.record else None
    try:
        submissions = ports.competitions.newest_submissions(competition.slug)
    except (InvalidInput, Refused):
        return None  # Who may not see them has none; Kaggle says why when the file is sent.
    names = {"", options.file, options.file.rpartition("/")[2]}
    for one in submissions:
        # Of a code competition Kaggle may name the notebook there.
        is_file = competition.is_code_only or one.file_name in names
        if one.status is SubmissionStatus.ERROR:
            continue
        is_own = one.ref == noted or one.description.endswith(_mark(target))
        if is_file and (is_own or one.description == f"{target.ref} {options.file}"):
            return one.ref
    return None


def _description(target: TargetRun, options: SubmitOptions) -> str:
    """Return the submission's description, by which the run is known on other machines."""
    return (
        f"{options.message}{_mark(target)}" if options.message else f"{target.ref} {options.file}"
    )


def _mark(target: TargetRun) -> str:
    return f" ({target.ref})"


def _require_file(target: TargetRun, name: str, ports: SubmitPorts) -> None:
    """Raise InvalidInput where the run left no such file."""
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
    slug, token = competition.slug, ""
    if not competition.is_code_only:
        token = _upload(slug, _fetch(target, name, ports), name, ports)
    sent_at = ports.kaggle.now()
    try:
        if competition.is_code_only:
            return ports.competitions.submit_version(slug, target.ref, name, description)
        return ports.competitions.submit_file(slug, token, description)
    except AnswerLost as lost:
        return _look_for(slug, description, sent_at, lost, ports)
    except KeyboardInterrupt:
        raise Interrupted(
            "Stopped by Ctrl-C. It is not known whether the file was handed in.",
            hint=NextCommand("submit", "RUN", "looks for it first", str(target.ref)),
        ) from None


def _upload(slug: str, file: Path, name: str, ports: SubmitPorts) -> str:
    """Upload a file that is to be handed in, and return its token."""
    status = file.stat()
    session = ports.competitions.announce(
        slug, name.rpartition("/")[2], status.st_size, int(status.st_mtime)
    )
    ports.uploader.send(session, file, resume=False, on_bytes=lambda _: None)
    return session.token


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
