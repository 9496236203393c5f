"""JSON in and out as Kaggle writes it: camelCase, `"108000s"`, never null.

The official client cannot read a null where a list belongs: what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from kitctl.local.state import records
from kitctl.local.state.clock import utc
from kitctl.local.state.quota import Reading
from kitctl.local.state.records import (
    Dataset,
    DatasetVersion,
    KernelVersion,
    SavedVersion,
    SaveRequest,
    Session,
)
from kitctl.local.state.refusals import bad_request

Body = Mapping[str, Any]
Item = TypeVar("Item")

DEFAULT_PAGE = 20
LARGEST_PAGE = 200


def text(body: Body, name: str) -> str:
    return _typed(body, name, str, "")


def flag(body: Body, name: str) -> bool:
    return _typed(body, name, bool, False)


def number(body: Body, name: str) -> int | None:
    value = body.get(name)
    return None if value is None else _typed(body, name, int, 0)


def texts(body: Body, name: str) -> tuple[str, ...]:
    values = _typed(body, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise bad_request(f'"{name}" must be a list of strings.')
    return tuple(values)


def objects(body: Body, name: str) -> list[Body]:
    values = _typed(body, name, list, [])
    if not all(isinstance(value, Mapping) for value in values):
        raise bad_request(f'"{name}" must be a list of objects.')
    return values


def _typed(body: Body, name: str, kind: type[Item], default: Item) -> Item:
    value = body.get(name)
    if value is None:
        return default
    # A bool is an int to Python, but not on the wire.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise bad_request(f'"{name}" must be of type {kind.__name__}.')
    return value


def job(body: Body) -> SaveRequest:
    """SaveKernel's request, without its source and slug."""
    if text(body, "kernelType") not in ("script", "notebook"):
        raise bad_request("A valid kernel type must be specified: script or notebook.")
    if text(body, "language") not in ("python", "r", "rmarkdown"):
        raise bad_request("A valid language must be specified: python, r or rmarkdown.")
    return SaveRequest(
        title=text(body, "newTitle"),
        language=text(body, "language"),
        kernel_type=text(body, "kernelType"),
        is_private=_typed(body, "isPrivate", bool, True),
        enable_gpu=flag(body, "enableGpu"),
        enable_tpu=flag(body, "enableTpu"),
        enable_internet=flag(body, "enableInternet"),
        machine_shape=text(body, "machineShape"),
        docker_image=text(body, "dockerImage"),
        timeout_seconds=number(body, "sessionTimeoutSeconds"),
        runs=text(body, "kernelExecutionType") != "QUICK_SAVE",
        category_ids=texts(body, "categoryIds"),
        dataset_sources=texts(body, "datasetDataSources"),
        kernel_sources=texts(body, "kernelDataSources"),
        competition_sources=texts(body, "competitionDataSources"),
        model_sources=texts(body, "modelDataSources"),
    )


def page(body: Body) -> tuple[int, int]:
    """Offset and size of the page asked for."""
    size = number(body, "pageSize") or DEFAULT_PAGE
    if size < 1:
        raise bad_request("Page size must be >= 1")
    size = min(size, LARGEST_PAGE)
    token = text(body, "pageToken")
    if token and not token.isdecimal():
        raise bad_request("Invalid page token.")
    return int(token) if token else (max(number(body, "page") or 1, 1) - 1) * size, size


def time(seconds: float) -> str:
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def duration(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds == int(seconds) else f"{seconds:.3f}s"


def without_nulls(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def paged(
    name: str, items: Sequence[Item], body: Body, render: Callable[[Item], dict[str, Any]]
) -> dict[str, Any]:
    """One page of `items`, which begin at the page's offset and may be one longer than it."""
    offset, size = page(body)
    following = str(offset + size) if len(items) > size else ""
    return {name: [render(item) for item in items[:size]], "nextPageToken": following}


def saved(answer: SavedVersion, site: str) -> dict[str, Any]:
    kernel = answer.kernel
    if kernel is None:
        return without_nulls(error=answer.error, **_invalid({}))
    return without_nulls(
        ref=f"/code/{kernel.owner}/{kernel.slug}",
        url=f"{site}/code/{kernel.owner}/{kernel.slug}",
        versionNumber=answer.version,
        kernelId=kernel.id,
        invalidTags=[],
        **_invalid(answer.invalid),
    )


def _invalid(sources: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        f"invalid{kind.capitalize()}Sources": sources.get(kind, [])
        for kind in ("dataset", "competition", "kernel", "model")
    }


def status(session: Session | None) -> dict[str, Any]:
    if session is None:
        return {"status": records.NEW_SCRIPT}
    return without_nulls(status=session.status, failureMessage=session.failure_message)


def kernel_metadata(version: KernelVersion) -> dict[str, Any]:
    kernel, pushed = version.kernel, version.job
    return {
        "id": kernel.id,
        "ref": f"{kernel.owner}/{kernel.slug}",
        "title": kernel.title,
        "author": kernel.owner,
        "slug": kernel.slug,
        "lastRunTime": time(kernel.last_run_at),
        "language": pushed.language,
        "kernelType": pushed.kernel_type,
        "isPrivate": kernel.is_private,
        "enableGpu": pushed.enable_gpu,
        "enableTpu": pushed.enable_tpu,
        "enableInternet": pushed.enable_internet,
        "categoryIds": list(pushed.category_ids),
        "datasetDataSources": list(pushed.dataset_sources),
        "kernelDataSources": list(pushed.kernel_sources),
        "competitionDataSources": list(pushed.competition_sources),
        "modelDataSources": list(pushed.model_sources),
        "totalVotes": 0,
        "currentVersionNumber": kernel.current_version,
        "dockerImage": pushed.docker_image,
        "machineShape": pushed.machine_shape,
    }


def kernel(version: KernelVersion) -> dict[str, Any]:
    return {
        "metadata": kernel_metadata(version),
        "blob": {
            "source": version.source,
            "language": version.job.language,
            "kernelType": version.job.kernel_type,
            "slug": version.kernel.slug,
        },
    }


def quota(refresh_time: float, readings: Mapping[str, Reading]) -> dict[str, Any]:
    answer: dict[str, Any] = {"quotaRefreshTime": time(refresh_time)}
    for kind, reading in readings.items():
        answer[f"{kind}Quota"] = {
            "timeUsed": duration(reading.used),
            "timeReserved": duration(reading.reserved),
            "totalTimeAllowed": duration(reading.allowed),
            "minimumTimeAllowed": duration(reading.minimum),
            "isPayToScaleEnabled": False,
            "hasEverRun": reading.has_ever_run,
        }
    return answer


def dataset(version: DatasetVersion, total_bytes: int, site: str) -> dict[str, Any]:
    about = version.dataset
    return {
        "id": about.id,
        "ref": f"{about.owner}/{about.slug}",
        "title": about.title,
        "subtitle": about.subtitle,
        "description": about.description,
        "creatorName": about.owner,
        "ownerName": about.owner,
        "ownerRef": about.owner,
        "url": f"{site}/datasets/{about.owner}/{about.slug}",
        "totalBytes": total_bytes,
        "lastUpdated": time(version.created_at),
        "isPrivate": about.is_private,
        "licenseName": about.license,
        "currentVersionNumber": version.number,
        "tags": [],
        "files": [],
        "versions": [],
    }


def dataset_info(about: Dataset) -> dict[str, Any]:
    return {
        "datasetId": about.id,
        "datasetSlug": about.slug,
        "ownerUser": about.owner,
        "title": about.title,
        "subtitle": about.subtitle,
        "description": about.description,
        "isPrivate": about.is_private,
        "keywords": list(about.keywords),
        "licenses": [{"name": about.license}] if about.license else [],
        "collaborators": [],
        "data": [],
    }


def dataset_created(about: Dataset, site: str) -> dict[str, Any]:
    return {
        "ref": f"/{about.owner}/{about.slug}",
        "url": f"{site}/datasets/{about.owner}/{about.slug}",
        "status": "ok",
        "error": "",
        "invalidTags": [],
    }
