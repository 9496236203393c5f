"""JSON messages as Kaggle writes them: camelCase, durations such as `"108000s"`, never null.

The official client cannot read a null where a list belongs: an unknown value is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from kitctl.local.http import fields
from kitctl.local.http.fields import Body
from kitctl.local.state.clock import utc
from kitctl.local.state.errors import bad_request
from kitctl.local.state.quota import QuotaStatistics
from kitctl.local.state.records import (
    Dataset,
    DatasetVersion,
    KernelVersion,
    SavedVersion,
    SaveRequest,
    Session,
)

Item = TypeVar("Item")


def save_request(body: Body) -> SaveRequest:
    """Return SaveKernel's request, without its source and its slug."""
    kernel_type, language = fields.text(body, "kernelType"), fields.text(body, "language")
    if kernel_type not in ("script", "notebook"):
        raise bad_request("A valid kernel type must be specified: script or notebook.")
    if language not in ("python", "r", "rmarkdown"):
        raise bad_request("A valid language must be specified: python, r or rmarkdown.")
    return SaveRequest(
        title=fields.text(body, "newTitle"),
        language=language,
        kernel_type=kernel_type,
        is_private=fields.flag(body, "isPrivate", default=True),
        enable_gpu=fields.flag(body, "enableGpu"),
        enable_tpu=fields.flag(body, "enableTpu"),
        enable_internet=fields.flag(body, "enableInternet"),
        machine_shape=fields.text(body, "machineShape"),
        docker_image=fields.text(body, "dockerImage"),
        timeout_seconds=fields.number(body, "sessionTimeoutSeconds"),
        runs=fields.text(body, "kernelExecutionType") != "QUICK_SAVE",
        category_ids=fields.texts(body, "categoryIds"),
        dataset_sources=fields.texts(body, "datasetDataSources"),
        kernel_sources=fields.texts(body, "kernelDataSources"),
        competition_sources=fields.texts(body, "competitionDataSources"),
        model_sources=fields.texts(body, "modelDataSources"),
    )


def time(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as Kaggle writes it (UTC, milliseconds)."""
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def duration(seconds: float) -> str:
    """Return a duration as Kaggle writes it, such as `"90s"` or `"1.500s"`."""
    return f"{seconds:.0f}s" if seconds == int(seconds) else f"{seconds:.3f}s"


def seconds(text: str) -> float:
    """Return the seconds of a duration as Kaggle writes it; 0 for an empty text."""
    try:
        return float(text.removesuffix("s") or 0)
    except ValueError as error:
        raise bad_request(f'"{text}" is no duration.') from error


def without_nulls(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def paged(
    name: str, items: Sequence[Item], body: Body, render: Callable[[Item], dict[str, Any]]
) -> dict[str, Any]:
    """Return one page of a list under the key `name`.

    `items` begin at the page's offset. One item more than the page holds says that another page
    follows.
    """
    offset, size = fields.page(body)
    following = str(offset + size) if len(items) > size else ""
    return {name: [render(item) for item in items[:size]], "nextPageToken": following}


def saved_version(saved: SavedVersion, site: str) -> dict[str, Any]:
    """Return SaveKernel's response."""
    kernel = saved.kernel
    if kernel is None:
        return without_nulls(error=saved.error, **_invalid_sources({}))
    return without_nulls(
        ref=f"/code/{kernel.owner}/{kernel.slug}",
        url=f"{site}/code/{kernel.owner}/{kernel.slug}",
        versionNumber=saved.version,
        kernelId=kernel.id,
        invalidTags=[],
        **_invalid_sources(saved.invalid),
    )


def _invalid_sources(sources: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        f"invalid{kind.capitalize()}Sources": sources.get(kind, [])
        for kind in ("dataset", "competition", "kernel", "model")
    }


def session_status(session: Session) -> dict[str, Any]:
    """Return GetKernelSessionStatus's response."""
    return without_nulls(status=session.status, failureMessage=session.failure_message)


def kernel_metadata(version: KernelVersion) -> dict[str, Any]:
    """Return a kernel's metadata as of one of its versions."""
    kernel, request = version.kernel, version.request
    return {
        "id": kernel.id,
        "ref": f"{kernel.owner}/{kernel.slug}",
        "title": kernel.title,
        "author": kernel.owner,
        "slug": kernel.slug,
        "lastRunTime": time(kernel.last_run_at),
        "language": request.language,
        "kernelType": request.kernel_type,
        "isPrivate": kernel.is_private,
        "enableGpu": request.enable_gpu,
        "enableTpu": request.enable_tpu,
        "enableInternet": request.enable_internet,
        "categoryIds": list(request.category_ids),
        "datasetDataSources": list(request.dataset_sources),
        "kernelDataSources": list(request.kernel_sources),
        "competitionDataSources": list(request.competition_sources),
        "modelDataSources": list(request.model_sources),
        "totalVotes": 0,
        "currentVersionNumber": kernel.current_version,
        "dockerImage": request.docker_image,
        "machineShape": request.machine_shape,
    }


def kernel(version: KernelVersion) -> dict[str, Any]:
    """Return GetKernel's response: the metadata and the source."""
    return {
        "metadata": kernel_metadata(version),
        "blob": {
            "source": version.source,
            "language": version.request.language,
            "kernelType": version.request.kernel_type,
            "slug": version.kernel.slug,
        },
    }


def quota(refresh_time: float, statistics: Mapping[str, QuotaStatistics]) -> dict[str, Any]:
    """Return GetAcceleratorQuotaStatistics's response; `statistics` by pool, "gpu" and "tpu"."""
    response: dict[str, Any] = {"quotaRefreshTime": time(refresh_time)}
    for pool, numbers in statistics.items():
        response[f"{pool}Quota"] = {
            "timeUsed": duration(numbers.used),
            "timeReserved": duration(numbers.reserved),
            "totalTimeAllowed": duration(numbers.allowed),
            "minimumTimeAllowed": duration(numbers.minimum),
            "isPayToScaleEnabled": False,
            "hasEverRun": numbers.has_ever_run,
        }
    return response


def dataset(version: DatasetVersion, total_bytes: int, site: str) -> dict[str, Any]:
    """Return a data set as lists and GetDataset show it, by its newest version."""
    dataset = version.dataset
    return {
        "id": dataset.id,
        "ref": f"{dataset.owner}/{dataset.slug}",
        "title": dataset.title,
        "subtitle": dataset.subtitle,
        "description": dataset.description,
        "creatorName": dataset.owner,
        "ownerName": dataset.owner,
        "ownerRef": dataset.owner,
        "url": f"{site}/datasets/{dataset.owner}/{dataset.slug}",
        "totalBytes": total_bytes,
        "lastUpdated": time(version.created_at),
        "isPrivate": dataset.is_private,
        "licenseName": dataset.license,
        "currentVersionNumber": version.number,
        "tags": [],
        "files": [],
        "versions": [],
    }


def dataset_version(version: DatasetVersion) -> dict[str, Any]:
    """Return one of the versions that GetDataset shows."""
    return {
        "versionNumber": version.number,
        "creationDate": time(version.created_at),
        "creatorName": version.dataset.owner,
        "creatorRef": version.dataset.owner,
        "versionNotes": version.notes,
        "status": "",
    }


def dataset_info(dataset: Dataset) -> dict[str, Any]:
    """Return the editable details of a data set (GetDatasetMetadata)."""
    return {
        "datasetId": dataset.id,
        "datasetSlug": dataset.slug,
        "ownerUser": dataset.owner,
        "title": dataset.title,
        "subtitle": dataset.subtitle,
        "description": dataset.description,
        "isPrivate": dataset.is_private,
        "keywords": list(dataset.keywords),
        "licenses": [{"name": dataset.license}] if dataset.license else [],
        "collaborators": [],
        "data": [],
        **dataset.details,
    }


def dataset_refused(message: str) -> dict[str, Any]:
    """Return the response to a data set, or a version of one, that is refused."""
    return {"status": "error", "error": message, "invalidTags": []}


def dataset_created(dataset: Dataset, site: str) -> dict[str, Any]:
    """Return the response of CreateDataset and of CreateDatasetVersion."""
    return {
        "ref": f"/{dataset.owner}/{dataset.slug}",
        "url": f"{site}/datasets/{dataset.owner}/{dataset.slug}",
        "status": "ok",
        "error": "",
        "invalidTags": [],
    }
