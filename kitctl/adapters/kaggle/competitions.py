"""The port `CompetitionService` on Kaggle's own API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import InDoubt, NotVisible
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.runs.run import RunRef
from kitctl.errors import InvalidInput, KitError, NextCommand, Refused
from kitctl.ports import (
    AnswerLost,
    CompetitionInfo,
    ScoredSubmission,
    SubmissionStatus,
    UploadSession,
)

_COMPETITIONS = "competitions.CompetitionApiService"

# Kaggle's words → code, and what to do. The first that fits counts.
_REFUSALS = (
    (
        re.compile("rules", re.IGNORECASE),
        "rules_not_accepted",
        "Accept them at https://www.kaggle.com/competitions/{slug}/rules, then submit again.",
    ),
    (
        re.compile("daily|per day|limit", re.IGNORECASE),
        "daily_limit",
        "Submit again after midnight UTC, when the day's submissions are renewed.",
    ),
    (
        re.compile("internet", re.IGNORECASE),
        "internet_on",
        'Set "enable_internet": false in kernel-metadata.json, push, and submit the new run.',
    ),
)
_OTHER_REFUSAL = ("submission_refused", "See https://www.kaggle.com/competitions/{slug}/overview.")


class KaggleCompetitions:
    """Competitions as one account sees them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # Who has entered a competition stays in it: asked once in a command.
        self._entered: dict[str, CompetitionInfo] = {}

    def find(self, slug: str) -> CompetitionInfo | None:
        try:
            return self.show(slug)
        except NotVisible:
            return None

    def show(self, slug: str) -> CompetitionInfo:
        """Return a competition. Raises NotVisible where Kaggle shows this account none."""
        if slug in self._entered:
            return self._entered[slug]
        answer = self._call("GetCompetition", {"competitionName": slug})
        competition = CompetitionInfo(
            slug=slug,
            title=wire.text(answer, "title") or slug,
            url=wire.text(answer, "url") or f"https://www.kaggle.com/competitions/{slug}",
            has_entered=answer.get("userHasEntered") is True,
            is_code_only=answer.get("isKernelsSubmissionsOnly") is True,
        )
        if competition.has_entered:
            self._entered[slug] = competition
        return competition

    def announce(self, slug: str, name: str, size: int, modified_at: int) -> UploadSession:
        request: dict[str, object] = {
            "competitionName": slug,
            "fileName": name,
            "contentLength": size,
            "lastModifiedEpochSeconds": modified_at,
        }
        try:
            answer = self._call("StartSubmissionUpload", request)
        except InvalidInput as error:
            raise _refused(slug, error) from None
        session = wire.upload_session(answer, name)
        self._transport.require_secure(session.url)
        return session

    def submit_file(self, slug: str, token: str, description: str) -> int:
        return self._submit(slug, "CreateSubmission", {"blobFileTokens": token}, description)

    def submit_version(self, slug: str, run: RunRef, file_name: str, description: str) -> int:
        request = {
            "kernelOwner": run.kernel.owner,
            "kernelSlug": run.kernel.slug,
            "kernelVersion": run.version,
            "fileName": file_name,
        }
        return self._submit(slug, "CreateCodeSubmission", request, description)

    def submission(self, ref: int) -> ScoredSubmission | None:
        try:
            return _submission(self._call("GetSubmission", {"ref": ref}))
        except NotVisible:
            return None

    def newest_submissions(self, slug: str) -> list[ScoredSubmission]:
        answer = self._call("ListSubmissions", {"competitionName": slug, "pageSize": 20})
        return [_submission(one) for one in wire.objects(answer, "submissions")]

    def left_today(self, slug: str) -> int | None:
        try:
            answer = self._call("GetSubmissionLimits", {"competitionName": slug})
        except InvalidInput:
            return None
        # Kaggle leaves out a zero.
        return wire.number(answer, "numAllowedNow") if answer else None

    def _submit(
        self, slug: str, method: str, request: Mapping[str, object], description: str
    ) -> int:
        fields = {"competitionName": slug, "submissionDescription": description, **request}
        try:
            answer = self._transport.call_at_most_once(_COMPETITIONS, method, fields)
        except InDoubt as doubt:
            raise _answer_lost(slug, doubt.error) from None
        except InvalidInput as error:
            raise _refused(slug, error) from None
        if number := wire.number(answer, "ref"):
            return number
        raise _refused(slug, InvalidInput(wire.text(answer, "message")))

    def _call(self, method: str, request: Mapping[str, object]) -> dict[str, Any]:
        return self._transport.call(_COMPETITIONS, method, request)


def _submission(answer: Mapping[str, Any]) -> ScoredSubmission:
    word = wire.text(answer, "status").upper().rpartition(".")[2]
    return ScoredSubmission(
        ref=wire.number(answer, "ref"),
        status=SubmissionStatus(word)
        if word in set(SubmissionStatus)
        else SubmissionStatus.PENDING,
        file_name=wire.text(answer, "fileName"),
        description=wire.text(answer, "description"),
        at=wire.moment(answer, "date"),
        public_score=wire.text(answer, "publicScore"),
        private_score=wire.text(answer, "privateScore"),
        error=wire.text(answer, "errorDescription").strip(),
    )


def _refused(slug: str, error: InvalidInput) -> Refused:
    """Return Kaggle's refusal in its own words, with the next step."""
    message = error.kaggle_message if isinstance(error, NotVisible) else error.message
    code, hint = next(
        ((code, hint) for pattern, code, hint in _REFUSALS if pattern.search(message)),
        _OTHER_REFUSAL,
    )
    return Refused(
        f'Kaggle refused the submission to {slug}: "{message}" Nothing was handed in.',
        code=code,
        hint=hint.format(slug=slug),
    )


def _answer_lost(slug: str, error: KitError) -> AnswerLost:
    return AnswerLost(
        f"{error.message} It is not known whether Kaggle took the submission; it was not sent"
        " again.",
        hint=(
            f"See https://www.kaggle.com/competitions/{slug}/submissions, then: ",
            NextCommand("submit"),
        ),
    )
