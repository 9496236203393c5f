"""Kaggle's JSON: the requests, and the values of an answer.

The official client has types for all of this, but loading them takes longer than most requests do;
a test holds every name here to theirs. Kaggle leaves out what is empty or zero, so a missing value
is the empty one of its kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kitctl.domain.job import accelerators
from kitctl.domain.results.files import LARGEST_FILE_BYTES
from kitctl.domain.runs.run import Status
from kitctl.domain.runs.weeks import seconds_of
from kitctl.errors import NetworkFailed
from kitctl.ports import SaveRequest, UploadSession

_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)s")
_NUMBER = re.compile(r"[0-9]{1,19}")
# What the ledger can hold.
LARGEST_NUMBER = 2**63 - 1
_STATES = {state.replace("_", "").lower(): state for state in Status}
_INVALID = (
    "invalidDatasetSources",
    "invalidKernelSources",
    "invalidCompetitionSources",
    "invalidModelSources",
)


def save_request(request: SaveRequest) -> dict[str, object]:
    """Return SaveKernel's request, without the fields that the request leaves open."""
    fields: dict[str, object] = {
        "id": request.id_no,
        "slug": str(request.kernel),
        "newTitle": request.title or None,
        "text": request.text,
        "language": request.language,
        "kernelType": request.kernel_type,
        "isPrivate": request.is_private,
        "enableGpu": request.enable_gpu,
        "enableTpu": request.enable_tpu,
        "enableInternet": request.enable_internet,
        "machineShape": request.machine_shape or None,
        "datasetDataSources": list(request.sources.datasets) or None,
        "kernelDataSources": list(request.sources.kernels) or None,
        "competitionDataSources": list(request.sources.competitions) or None,
        "modelDataSources": list(request.sources.models) or None,
        "categoryIds": list(request.keywords) or None,
        "dockerImage": request.docker_image or None,
        "dockerImagePinningType": request.docker_image_pinning_type or None,
        "sessionTimeoutSeconds": request.timeout_seconds,
        "kernelExecutionType": "SAVE_AND_RUN_ALL" if request.runs else "QUICK_SAVE",
    }
    return {name: value for name, value in fields.items() if value is not None}


def status(answer: Mapping[str, Any]) -> Status | None:
    """Return a session's state; None where kitctl does not know it."""
    word = text(answer, "status").replace("_", "").lower()
    return _STATES.get(word.removeprefix("kernelworkerstatus") or "queued")


def machine_shape(metadata: Mapping[str, Any]) -> str:
    """Return the machine of a version, "" for the CPU."""
    shape = text(metadata, "machineShape")
    machine = accelerators.from_metadata(
        shape,
        enable_gpu=metadata.get("enableGpu") is True,
        enable_tpu=metadata.get("enableTpu") is True,
    )
    return shape if machine is None else machine.shape


def invalid_sources(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sources that SaveKernel could not mount, of every kind."""
    lists = [answer.get(name) for name in _INVALID]
    return tuple(str(source) for value in lists if isinstance(value, list) for source in value)


def upload_session(answer: Mapping[str, Any], name: str) -> UploadSession:
    """Return where the bytes of a file go, by Kaggle's answer to its announcement.

    Raises NetworkFailed where the answer does not say it.
    """
    session = UploadSession(text(answer, "token"), text(answer, "createUrl"))
    if not session.token or not session.url:
        raise NetworkFailed(
            f"Kaggle names no address to upload {name!r} to.",
            code="kaggle_changed",
            hint="Update kitctl: pip install --upgrade kaggle-kitctl",
        )
    return session


def text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def number(answer: Mapping[str, Any], name: str) -> int:
    """Return a whole number, which may come as text; 0 where there is none that can be one."""
    value = answer.get(name)
    if isinstance(value, bool):
        return 0
    if isinstance(value, float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        value = int(value) if math.isfinite(float(value)) else 0
    return value if isinstance(value, int) and 0 < value <= LARGEST_NUMBER else 0


def size(answer: Mapping[str, Any], name: str) -> int | None:
    """Return a size in bytes, a number or a text of digits; None where no file can have it."""
    value = answer.get(name)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 <= value <= LARGEST_FILE_BYTES else None


def object_(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def objects(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = answer.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def seconds(answer: Mapping[str, Any], name: str) -> float:
    """Return a duration (`"108000s"`, `"151.500s"`) in seconds."""
    duration = _DURATION.fullmatch(text(answer, name))
    return float(duration[1]) if duration else 0.0


def moment(answer: Mapping[str, Any], name: str) -> float | None:
    """Return a time (`"2026-11-28T00:00:00.123456789Z"`, always UTC) in seconds since 1970."""
    whole, _, fraction = text(answer, name).removesuffix("Z").partition(".")
    try:
        return seconds_of(datetime.fromisoformat(whole)) + float(f"0.{fraction or 0}")
    except ValueError:
        return None
