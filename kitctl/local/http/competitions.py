"""`competitions.CompetitionApiService`: competitions, their files, submissions and leaderboard."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.blobs import begin_upload
from kitctl.local.http.fields import Body
from kitctl.local.http.lookups import session_of
from kitctl.local.state.errors import bad_request, not_found
from kitctl.local.state.files import regular_files
from kitctl.local.state.names import COMPETITIONS
from kitctl.local.state.records import Competition, DatasetVersion, Submission

# The account is the only team.
TEAM_ID = 1


def list_competitions(api: Api, body: Body) -> dict[str, Any]:
    search = fields.text(body, "search").lower()
    matches = [one for one in api.state.competitions.all() if search in f"{one.slug} {one.title}"]
    offset, size = fields.page(body)
    page = matches[offset : offset + size + 1]
    return wire.paged("competitions", page, body, lambda one: _competition(api, one))


def get_competition(api: Api, body: Body) -> dict[str, Any]:
    return _competition(api, _find(api, body))


def list_data_files(api: Api, body: Body) -> dict[str, Any]:
    version = _data(api, body)
    offset, size = fields.page(body)
    page = sorted(regular_files(version.folder))[offset : offset + size + 1]
    return wire.paged("files", page, body, lambda path: _file(version, path))


def download_data_files(api: Api, body: Body) -> Response:
    """Redirect to a zip of all files."""
    version = _data(api, body)
    return RedirectResponse(api.signed_urls.file(api.state.datasets.archive(version)), 302)


def download_data_file(api: Api, body: Body) -> Response:
    """Redirect to one file."""
    version, name = _data(api, body), fields.text(body, "fileName")
    path = version.folder / PurePosixPath(name)
    if path not in set(regular_files(version.folder)):
        raise not_found(f'This competition has no file "{name}".')
    return RedirectResponse(api.signed_urls.file(path), 302)


def start_submission_upload(api: Api, body: Body) -> dict[str, Any]:
    return begin_upload(api, body, fields.text(body, "fileName"))


def create_submission(api: Api, body: Body) -> dict[str, Any]:
    competition = _find(api, body)
    if competition.is_code_only:
        raise bad_request("This competition only accepts submissions from notebooks.")
    blob = api.state.blobs.get_complete(fields.text(body, "blobFileTokens"))
    submission = api.state.competitions.submit(
        competition,
        blob.name,
        fields.text(body, "submissionDescription"),
        lambda path: shutil.move(blob.path, path),
    )
    api.state.blobs.delete(blob)
    return _taken(submission, competition)


def create_code_submission(api: Api, body: Body) -> dict[str, Any]:
    competition = _find(api, body)
    owner, slug = fields.text(body, "kernelOwner"), fields.text(body, "kernelSlug")
    kernel = api.state.kernels.find(owner, slug)
    number = fields.number(body, "kernelVersion")
    version = api.state.kernels.version(kernel, f"v{number}" if number else None)
    if competition.is_code_only and version.request.enable_internet:
        raise bad_request("Your notebook must have internet access disabled to be submitted.")
    session = session_of(api, version)
    if session is None or session.status != "COMPLETE":
        raise bad_request("This version of the notebook has not run to its end.")
    name = fields.text(body, "fileName")
    output = api.state.sessions.output_named(session.id, name)
    if output is None:
        raise bad_request(f'Could not find the file "{name}" in the output of the notebook.')
    submission = api.state.competitions.submit(
        competition,
        name,
        fields.text(body, "submissionDescription"),
        _copy_of(output.path),
    )
    return _taken(submission, competition)


def get_submission(api: Api, body: Body) -> dict[str, Any]:
    return _submission(api, api.state.competitions.get(fields.number(body, "ref") or 0))


def list_submissions(api: Api, body: Body) -> dict[str, Any]:
    submissions = api.state.competitions.submissions(_find(api, body))
    offset, size = fields.page(body)
    page = submissions[offset : offset + size + 1]
    return wire.paged("submissions", page, body, lambda one: _submission(api, one))


def download_submission(api: Api, body: Body) -> Response:
    submission = api.state.competitions.get(fields.number(body, "submissionId") or 0)
    return RedirectResponse(api.signed_urls.file(submission.path), 302)


def get_submission_limits(api: Api, body: Body) -> dict[str, Any]:
    competition = _find(api, body)
    return {
        "numToday": api.state.competitions.today(competition),
        "numTotal": len(api.state.competitions.submissions(competition)),
        "numAllowedNow": api.state.competitions.left_today(competition),
        "limitedByTotal": False,
    }


def get_leaderboard(api: Api, body: Body) -> dict[str, Any]:
    """Return the account's best submission: nobody else takes part."""
    entries = [
        {
            "teamId": TEAM_ID,
            "teamName": api.state.account,
            "submissionDate": wire.time(best.created_at),
            "score": best.public_score,
        }
        for best in _best(api, _find(api, body))
    ]
    return {"submissions": entries, "nextPageToken": ""}


def download_leaderboard(api: Api, body: Body) -> Response:
    """Redirect to a zip of the leaderboard's table."""
    competition = _find(api, body)
    name = f"{competition.slug}-publicleaderboard.csv"
    lines = ["Rank,TeamId,TeamName,LastSubmissionDate,Score"]
    for best in _best(api, competition):
        time = wire.time(best.created_at)
        lines.append(f"1,{TEAM_ID},{api.state.account},{time},{best.public_score}")
    archive = api.state.competitions.leaderboard_archive(competition, name, lines)
    return RedirectResponse(api.signed_urls.file(archive), 302)


def list_team_public_submissions(api: Api, body: Body) -> dict[str, Any]:
    """Return the submissions of the account's team that are on the leaderboards."""
    if fields.number(body, "teamId") != TEAM_ID:
        return {"submissions": []}
    best = [one for competition in api.state.competitions.all() for one in _best(api, competition)]
    return {
        "submissions": [
            {
                "id": one.id,
                "dateSubmitted": wire.time(one.created_at),
                "publicScore": one.public_score,
            }
            for one in best
        ]
    }


def list_submission_episodes(api: Api, body: Body) -> dict[str, Any]:
    """Return nothing: no competition here is a game that submissions play."""
    api.state.competitions.get(fields.number(body, "submissionId") or 0)
    return {"episodes": []}


def get_episode(api: Api, body: Body) -> Response:
    raise not_found(f"Episode {fields.number(body, 'episodeId')} not found")


def _best(api: Api, competition: Competition) -> list[Submission]:
    """Return the submission on the leaderboard, if there is one."""
    scored = [one for one in api.state.competitions.submissions(competition) if one.public_score]
    better = max if competition.metric == "accuracy" else min
    return [better(scored, key=lambda one: float(one.public_score))] if scored else []


def _find(api: Api, body: Body) -> Competition:
    return api.state.competitions.find(fields.text(body, "competitionName"))


def _data(api: Api, body: Body) -> DatasetVersion:
    competition = _find(api, body)
    api.state.competitions.require_rules(competition)
    datasets = api.state.datasets
    return datasets.version(datasets.find(COMPETITIONS, competition.slug), None)


def _copy_of(source: Path) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(source, path)


def _taken(submission: Submission, competition: Competition) -> dict[str, Any]:
    message = f"Successfully submitted to {competition.title}"
    return {"message": message, "ref": submission.id}


def _competition(api: Api, competition: Competition) -> dict[str, Any]:
    return {
        "id": 1,
        "ref": f"{api.site}/competitions/{competition.slug}",
        "title": competition.title,
        "url": f"{api.site}/competitions/{competition.slug}",
        "category": "Getting Started",
        "reward": "Knowledge",
        "tags": [],
        "deadline": "2030-01-01T00:00:00Z",
        "teamCount": 1,
        "enabledDate": api.state.hosting.launched_at(competition.slug)
        or wire.time(competition.created_at),
        "userHasEntered": competition.rules_accepted,
        "maxDailySubmissions": competition.max_daily_submissions,
        "evaluationMetric": competition.metric,
        "isKernelsSubmissionsOnly": competition.is_code_only,
        "submissionsDisabled": competition.submissions_disabled,
    }


def _file(version: DatasetVersion, path: Path) -> dict[str, Any]:
    status = path.stat()
    name = path.relative_to(version.folder).as_posix()
    return {
        "ref": name,
        "name": name,
        "totalBytes": status.st_size,
        "creationDate": wire.time(status.st_mtime),
    }


def _submission(api: Api, submission: Submission) -> dict[str, Any]:
    return {
        "ref": submission.id,
        "totalBytes": submission.path.stat().st_size,
        "date": wire.time(submission.created_at),
        "description": submission.description,
        "errorDescription": submission.error,
        "fileName": submission.name,
        "publicScore": submission.public_score,
        "privateScore": submission.private_score,
        "status": submission.status,
        "submittedBy": api.state.account,
        "submittedByRef": api.state.account,
        "teamName": api.state.account,
        "url": f"{api.site}/competitions/{submission.competition}/submissions/{submission.id}",
    }


METHODS: Methods = {
    "ListCompetitions": list_competitions,
    "GetCompetition": get_competition,
    "ListDataFiles": list_data_files,
    "DownloadDataFiles": download_data_files,
    "DownloadDataFile": download_data_file,
    "StartSubmissionUpload": start_submission_upload,
    "CreateSubmission": create_submission,
    "CreateCodeSubmission": create_code_submission,
    "GetSubmission": get_submission,
    "ListSubmissions": list_submissions,
    "DownloadSubmission": download_submission,
    "GetSubmissionLimits": get_submission_limits,
    "GetLeaderboard": get_leaderboard,
    "DownloadLeaderboard": download_leaderboard,
    "ListTeamPublicSubmissions": list_team_public_submissions,
    "ListSubmissionEpisodes": list_submission_episodes,
    "GetEpisodeReplay": get_episode,
    "GetEpisodeAgentLogs": get_episode,
}
