"""What a push would send, and its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kitctl.domain.job.metadata import Metadata
from kitctl.domain.runs.resume import Resume
from kitctl.domain.runs.run import GitState
from kitctl.errors import InvalidInput

COMFORTABLE_SCRIPT_BYTES = 900_000
"""What kitctl adds to a script or notebook goes into a data set where both would be larger."""
LARGEST_SCRIPT_BYTES = 1_000_000
"""Kaggle refuses what is as large as that."""


@dataclass(frozen=True)
class Module:
    """A .py file of the job: its name for imports, its path in the project, its text."""

    name: str
    file: str
    text: str


@dataclass(frozen=True, kw_only=True)
class CodeFiles:
    """The project's own modules that a script or notebook needs, by their paths in the project.

    `roots` are the folders that come first on sys.path, `package` is that of a script which is run
    as a module of it.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    package: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialLaunch:
    """One of several trials in a run: its arguments, and its variables, which name it."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What a run begins with besides its code: files, arguments, variables, packages.

    `files` are data files by their paths from the project's folder; `requirements` are those that
    the run installs where its image lacks them. With `trials` the code runs once for each of them.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    trials: tuple[TrialLaunch, ...] = ()
    requirements: tuple[str, ...] = ()
    may_lack_packages: bool = False
    """Whether a run goes on without packages that cannot be installed."""
    resume: Resume | None = None
    wheels: str = ""
    """The data set with the packages of a run without internet."""
    data: tuple[str, int] | None = None
    """The data set with what is too large for the script, and its checksum."""

    @property
    def is_empty(self) -> bool:
        return self == Launch()

    def identity(self) -> dict[str, Any]:
        """Return what of it decides a run's outcome, besides the files; nothing if it is empty."""
        parts = {
            "arguments": self.arguments,
            "environment": dict(self.environment),
            "requirements": self.requirements,
            "resume": self.resume and self.resume.run,
            "trials": [[each.arguments, dict(each.environment)] for each in self.trials],
        }
        return {name: part for name, part in parts.items() if part}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a push would send: the metadata with its accelerator, and the one file of code.

    `script_sha256` is the job's identity: its code, settings, machine, sources, files, arguments,
    variables and packages. `kind` is "notebook", "packed" for a script of several parts, or
    "script" for one that is sent as it is. `modules` are the modules in it, `file_sizes` has all
    files of the project in it. `settings` are those in force where a job with a job.toml (`is_job`)
    reports them, of a notebook the parameters that were set. `code` is the job's own code.
    """

    metadata: Metadata
    script_name: str
    script: bytes
    script_sha256: str
    modules: tuple[str, ...]
    settings: Mapping[str, Any]
    knobs: tuple[Mapping[str, Any], ...] = ()
    """The declaration of each setting, if the script reports them."""
    warnings: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()
    """Which of kitctl's own variables the script reads, such as KITCTL_CHECK."""
    kind: str
    code: str
    file_sizes: Mapping[str, int]
    is_job: bool = False
    launch: Launch = Launch()
    data: bytes = b""
    """What is too large for the script, as the one file of the data set `code_data`."""
    git: GitState | None = None

    @property
    def offline_warnings(self) -> tuple[str, ...]:
        """The warnings of a command that does not ask Kaggle whether the kernel exists."""
        return (*self.metadata.new_kernel_warnings, *self.warnings)

    @property
    def packed(self) -> bool:
        return self.kind == "packed"

    @property
    def code_data(self) -> str:
        """The data set that holds modules and files, "" where the script holds them."""
        return f"{self.metadata.slug}-code" if self.data else ""

    @property
    def attached(self) -> tuple[str, ...]:
        """The data sets, without their owner, that kitctl makes for this job."""
        return tuple(filter(None, (self.code_data, self.launch.wheels)))

    def with_datasets(self, names: Sequence[str]) -> Plan:
        """Return the plan with data sets that kitctl has made for it; its identity has them."""
        return replace(self, metadata=self.metadata.with_dataset_sources(names)) if names else self

    def content_data(self) -> dict[str, Any]:
        """Return what a run gets, for `--json`."""
        return {
            "kind": self.kind,
            "files": [{"path": path, "bytes": size} for path, size in self.file_sizes.items()],
            "arguments": self.launch.arguments,
            "environment": self.launch.environment,
            "requirements": self.launch.requirements,
            "attached": self.attached,
            "git": self.git,
        }


def identity_of(
    metadata: Metadata,
    files: Mapping[str, bytes],
    settings: Mapping[str, Any],
    launch: Launch = Launch(),
) -> str:
    """Hash what decides a run's outcome, without titles and kitctl's version.

    Of the run that it goes on from, the name counts and not how its outputs travel.
    """
    sources = sources_of(metadata)
    if launch.resume:
        place, _, own = launch.resume.input.partition("/")
        kind = "kernels" if place == "notebooks" else "datasets"
        sources[kind] = [name for name in sources[kind] if name != own]
    identity = {
        **launch.identity(),
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in sorted(files.items())},
        "settings": settings,
        "machine_shape": metadata.machine_shape,
        "internet": metadata.enable_internet,
        "docker_image": metadata.docker_image,
        "sources": sources,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def sources_of(metadata: Metadata) -> dict[str, list[str]]:
    """Return a job's sources by kind, in a fixed order."""
    sources = metadata.sources
    return {
        "datasets": sorted(sources.datasets),
        "kernels": sorted(sources.kernels),
        "competitions": sorted(sources.competitions),
        "models": sorted(sources.models),
    }


def size_warnings(size: int, parts: Mapping[str, int]) -> tuple[str, ...]:
    """Return what to warn of before a script of this size is sent; `parts` are its files' sizes.

    Raises InvalidInput where it is too large for Kaggle.
    """
    if size <= COMFORTABLE_SCRIPT_BYTES:
        return ()
    largest = sorted(parts.items(), key=lambda part: -part[1])[:3]
    names = ", ".join(f"{file} ({part_size // 1000} kB)" for file, part_size in largest)
    if size < LARGEST_SCRIPT_BYTES:
        return (f"The script has {size // 1000} kB, and Kaggle refuses 1 MB. Its parts: {names}.",)
    raise InvalidInput(
        f"The script would be {size // 1000} kB, and Kaggle refuses 1 MB. The biggest parts: "
        f"{names}.",
        code="script_too_big",
        hint="Put data into a Kaggle data set and name it in dataset_sources; pictures in the text "
        "cells of a notebook count too.",
    )
