"""`competitions.CompetitionApiService`: what only a competition's host does."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import DatasetRefused, bad_request
from kitctl.local.state.records import Competition, Upload
from kitctl.local.state.scoring import ScoringError, read_table

_RERUN = "COMPETITION_DATABUNDLE_TYPE_RERUN"


def create_competition(api: Api, body: Body) -> dict[str, Any]:
    competition = api.state.hosting.create(
        fields.text(body, "slug").lower(),
        fields.text(body, "title"),
        fields.text(body, "briefDescription"),
    )
    url = _url(api, competition)
    return {"id": 1, "ref": url, "url": url}


def create_competition_data(api: Api, body: Body) -> dict[str, Any]:
    if fields.text(body, "competitionDatabundleType") == _RERUN:
        raise bad_request("The local Kaggle runs no notebook again on hidden data.")
    competition, notes = _find(api, body), fields.text(body, "versionNotes")
    uploads = []
    for file in fields.objects(body, "files"):
        folder = PurePosixPath(fields.text(file, "name")).parent.as_posix()
        uploads.append(Upload(fields.text(file, "token"), "" if folder == "." else f"{folder}/"))
    try:
        version = api.state.hosting.add_data(competition.slug, uploads, notes)
    except DatasetRefused as refused:
        raise bad_request(str(refused)) from None
    return {
        "url": f"{_url(api, competition)}/data",
        "databundleId": version.dataset.id,
        "databundleVersionId": version.number,
    }


def create_competition_solution(api: Api, body: Body) -> dict[str, Any]:
    competition = _find(api, body)
    blob = api.state.blobs.get_complete(fields.text(body, "blobToken"))
    api.state.hosting.set_solution(competition.slug, blob)
    api.state.blobs.delete(blob)
    return {}


def get_competition_solution_status(api: Api, body: Body) -> dict[str, Any]:
    solution = _find(api, body).solution
    if not solution.is_file():
        return {"ready": False}
    try:
        header, rows = read_table(solution)
    except ScoringError as error:
        return {"ready": False, "setupError": str(error)}
    return {
        "ready": True,
        "rowIdColumnName": header[0],
        "solutionInfo": _solution_info(solution, len(rows)),
    }


def launch_competition(api: Api, body: Body) -> dict[str, Any]:
    competition = _find(api, body)
    at = fields.text(body, "futureTime") or wire.time(api.state.clock.now())
    api.state.hosting.launch(competition.slug, at)
    return {}


def get_competition_settings(api: Api, body: Body) -> dict[str, Any]:
    return api.state.hosting.settings(_find(api, body))


def update_competition_settings(api: Api, body: Body) -> dict[str, Any]:
    competition = _find(api, body)
    given = body.get("settings") or {}
    # The client leaves out what is empty, such as False.
    changes = {name: given.get(name) for name in fields.masked(body)}
    api.state.hosting.update_settings(competition.slug, changes)
    return api.state.hosting.settings(_find(api, body))


def list_competition_pages(api: Api, body: Body) -> dict[str, Any]:
    name = fields.text(body, "pageName")
    pages = api.state.hosting.pages(_find(api, body).slug)
    return {"pages": [page for page in pages.values() if name in ("", page["name"])]}


def create_competition_page(api: Api, body: Body) -> dict[str, Any]:
    competition, page = _find(api, body), _page(body)
    if page.get("name") in api.state.hosting.pages(competition.slug):
        raise bad_request(f'This competition has a page "{page["name"]}" already.')
    return api.state.hosting.put_page(competition.slug, page)


def update_competition_page(api: Api, body: Body) -> dict[str, Any]:
    competition, page, mask = _find(api, body), _page(body), fields.masked(body)
    name = fields.text(body, "pageName")
    if name not in api.state.hosting.pages(competition.slug):
        raise bad_request(f'This competition has no page "{name}".')
    # The client leaves out what is empty, such as False.
    changes = {key: page.get(key, False if key == "isPublished" else "") for key in mask}
    return api.state.hosting.put_page(competition.slug, {**changes, "name": name})


def delete_competition_page(api: Api, body: Body) -> dict[str, Any]:
    api.state.hosting.delete_page(_find(api, body).slug, fields.text(body, "pageName"))
    return {}


def list_competition_hosts(api: Api, body: Body) -> dict[str, Any]:
    names = [api.state.account, *api.state.hosting.hosts(_find(api, body).slug)]
    return {
        "hosts": [
            {
                "id": number,
                "userName": name,
                "displayName": name,
                "profileUrl": f"{api.site}/{name}",
            }
            for number, name in enumerate(names, 1)
        ]
    }


def add_competition_host(api: Api, body: Body) -> dict[str, Any]:
    api.state.hosting.add_host(_find(api, body).slug, fields.text(body, "userName"))
    return {}


def _find(api: Api, body: Body) -> Competition:
    return api.state.competitions.find(fields.text(body, "competitionName"))


def _url(api: Api, competition: Competition) -> str:
    return f"{api.site}/competitions/{competition.slug}"


def _page(body: Body) -> dict[str, Any]:
    return dict(body.get("page") or {})


def _solution_info(solution: Path, rows: int) -> dict[str, Any]:
    status = solution.stat()
    return {
        "fileName": solution.name,
        "fileSizeBytes": status.st_size,
        "uploadDate": wire.time(status.st_mtime),
        "totalRows": rows,
    }


METHODS: Methods = {
    "CreateCompetition": create_competition,
    "CreateCompetitionData": create_competition_data,
    "CreateCompetitionSolution": create_competition_solution,
    "GetCompetitionSolutionStatus": get_competition_solution_status,
    "LaunchCompetition": launch_competition,
    "GetCompetitionSettings": get_competition_settings,
    "UpdateCompetitionSettings": update_competition_settings,
    "ListCompetitionPages": list_competition_pages,
    "CreateCompetitionPage": create_competition_page,
    "UpdateCompetitionPage": update_competition_page,
    "DeleteCompetitionPage": delete_competition_page,
    "ListCompetitionHosts": list_competition_hosts,
    "AddCompetitionHost": add_competition_host,
}
