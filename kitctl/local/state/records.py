"""The records of the local Kaggle's state. Times are seconds since the epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kitctl.local.state.machines import Pool

QUEUED = "QUEUED"
RUNNING = "RUNNING"
COMPLETE = "COMPLETE"
ERROR = "ERROR"
CANCEL_REQUESTED = "CANCEL_REQUESTED"
CANCEL_ACKNOWLEDGED = "CANCEL_ACKNOWLEDGED"


@dataclass(frozen=True)
class SaveRequest:
    """What a push says, apart from its source."""

    title: str = ""
    language: str = ""
    kernel_type: str = ""
    is_private: bool = True
    enable_gpu: bool = False
    enable_tpu: bool = False
    enable_internet: bool = False
    machine_shape: str = ""
    docker_image: str = ""
    timeout_seconds: float | None = None
    runs: bool = True
    category_ids: tuple[str, ...] = ()
    dataset_sources: tuple[str, ...] = ()
    kernel_sources: tuple[str, ...] = ()
    competition_sources: tuple[str, ...] = ()
    model_sources: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> SaveRequest:
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in json.loads(text).items()
        }
        return cls(**fields)


@dataclass(frozen=True)
class Kernel:
    id: int
    owner: str
    slug: str
    title: str
    is_private: bool
    current_version: int
    last_run_at: float


@dataclass(frozen=True)
class KernelVersion:
    kernel: Kernel
    number: int
    source: str
    request: SaveRequest
    created_at: float


@dataclass(frozen=True)
class SavedVersion:
    """The answer to a push: a version, or only an `error`.

    `invalid` lists the sources that do not exist, by kind ("dataset", "kernel", …).
    """

    kernel: Kernel | None = None
    version: int | None = None
    error: str | None = None
    invalid: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """The run of one version."""

    id: int
    kernel_id: int
    version: int
    pool: Pool
    status: str
    failure_message: str | None
    timeout_seconds: float
    queued_at: float
    started_at: float | None
    ended_at: float | None


@dataclass(frozen=True)
class OutputFile:
    """A run's output file: `name` as the API returns it, `path` where it is stored."""

    id: int
    name: str
    path: Path
    bytes: int
    created_at: float


class NewOutputFile(NamedTuple):
    """An output file that is to be recorded."""

    name: str
    path: Path
    bytes: int
    created_at: float


@dataclass(frozen=True)
class Dataset:
    id: int
    owner: str
    slug: str
    title: str
    subtitle: str
    description: str
    license: str
    keywords: tuple[str, ...]
    details: Mapping[str, Any]  # whatever else was said of it, by its name in the API
    is_private: bool
    created_at: float


@dataclass(frozen=True)
class DatasetVersion:
    dataset: Dataset
    number: int
    notes: str
    folder: Path
    failure: str | None
    ready_at: float | None
    created_at: float


class Upload(NamedTuple):
    """An uploaded file, and the folder of the data set that it goes into ("" or "train/car/")."""

    token: str
    folder: str = ""


@dataclass(frozen=True)
class Blob:
    """A file that is being uploaded: `bytes` is its full size, `path` holds what has arrived."""

    token: str
    name: str
    bytes: int
    path: Path


@dataclass(frozen=True)
class Competition:
    """A competition; `solution` is the file that submissions are scored by."""

    slug: str
    title: str
    metric: str
    is_code_only: bool
    rules_accepted: bool
    submissions_disabled: bool
    max_daily_submissions: int
    solution: Path
    created_at: float


@dataclass(frozen=True)
class Submission:
    """A file that was handed in; scores are "" until it is scored."""

    id: int
    competition: str
    name: str
    description: str
    path: Path
    created_at: float
    status: str
    error: str
    public_score: str
    private_score: str
