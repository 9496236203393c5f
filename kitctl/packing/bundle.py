"""Pack a job's modules and settings into one script: the same input gives the same bytes.

Kaggle takes one file of at most 1 MB. A packed script holds every module whole and readable, the
job's settings, and at its end the text of `loader.py`, which makes the modules importable.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from kitctl import __version__
from kitctl.domain.metadata import Metadata
from kitctl.errors import InvalidInput
from kitctl.packing import loader

LARGEST_SCRIPT_BYTES = 900_000
"""Kaggle refuses 1 MB; its own encoding of the text needs some room."""

VARIABLES = ("KITCTL_CHECK", "KITCTL_OVERRIDES", "KITCTL_VERIFY")
"""The environment variables by which kitctl asks something of a packed script that reads them."""


@dataclass(frozen=True)
class Module:
    """A .py file of the job: its name for imports, its path in the project, its text."""

    name: str
    file: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a push would send: the metadata with its accelerator, and the one file of code.

    `script_sha256` is the job's identity: its code, settings, machine and sources. `modules` is
    empty for a file that is sent as it is. `settings` are those in force where the script reports
    them.
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

    @property
    def offline_warnings(self) -> tuple[str, ...]:
        """The warnings of a command that does not ask Kaggle whether the kernel exists."""
        return (*self.metadata.new_kernel_warnings, *self.warnings)

    @property
    def packed(self) -> bool:
        return bool(self.modules)


def plan_single_file(metadata: Metadata, code: bytes, warnings: tuple[str, ...] = ()) -> Plan:
    """Return the plan for a single script or notebook, which is sent byte for byte."""
    _require_small(len(code), {metadata.code_file: len(code)})
    return Plan(
        metadata=metadata,
        script_name=PurePosixPath(metadata.code_file).name,
        script=code,
        script_sha256=_identity(metadata, {metadata.code_file: code}, {}),
        modules=(),
        settings={},
        warnings=warnings,
    )


def pack_modules(
    metadata: Metadata,
    modules: tuple[Module, ...],
    settings: Mapping[str, Any],
    warnings: tuple[str, ...] = (),
) -> Plan:
    """Return the plan for a package with a job.toml: its modules and settings in one script."""
    texts = {module.file: module.text.encode() for module in modules}
    identity = _identity(metadata, texts, settings)
    main = next(module for module in modules if module.file == metadata.code_file)
    script = _script(metadata, modules, main, settings, identity).encode()
    _require_small(len(script), {file: len(text) for file, text in texts.items()})
    return Plan(
        metadata=metadata,
        script_name="script.py",
        script=script,
        script_sha256=identity,
        modules=tuple(module.file for module in modules),
        settings=dict(settings),
        warnings=warnings,
        variables=frozenset(
            variable for variable in VARIABLES for module in modules if variable in module.text
        ),
    )


def literal(text: str) -> str:
    """Return the exact Python source of a string, readable where that is possible."""
    for quotes in ("'''", '"""'):
        candidate = f"r{quotes}{text}{quotes}"
        if _evaluates_to(candidate, text):
            return candidate
    # Escaped line by line: a text with both kinds of quotes, unusual line ends or a final "\".
    lines = text.splitlines(keepends=True) or [""]
    return "(\n" + "".join(f"    {line!r}\n" for line in lines) + ")"


def _evaluates_to(source: str, text: str) -> bool:
    try:
        return bool(ast.literal_eval(source) == text)
    except (SyntaxError, ValueError):
        return False


def _identity(metadata: Metadata, files: Mapping[str, bytes], settings: Mapping[str, Any]) -> str:
    """Hash what decides a run's outcome, without titles and kitctl's version."""
    identity = {
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in sorted(files.items())},
        "settings": settings,
        "machine_shape": metadata.machine_shape,
        "internet": metadata.enable_internet,
        "docker_image": metadata.docker_image,
        "sources": _sources(metadata),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _sources(metadata: Metadata) -> dict[str, list[str]]:
    sources = metadata.sources
    return {
        "datasets": sorted(sources.datasets),
        "kernels": sorted(sources.kernels),
        "competitions": sorted(sources.competitions),
        "models": sorted(sources.models),
    }


def _script(
    metadata: Metadata,
    modules: tuple[Module, ...],
    main: Module,
    settings: Mapping[str, Any],
    identity: str,
) -> str:
    job = {
        "kit_version": __version__,
        "script_sha256": identity,
        "accelerator": metadata.pool,
        "settings": settings,
        "sources": _sources(metadata),
    }
    package = main.name.rpartition(".")[0]
    return "\n".join(
        [
            f"# {metadata.title} - packed by kitctl {__version__} from {main.file} and the modules",
            "# beside it. Edit those, not this: every module stands below whole, and the traceback",
            "# of an error names the module's own file and line.",
            f"# script_sha256 {identity}",
            "",
            f"JOB = {literal(json.dumps(job, indent=2, sort_keys=True, ensure_ascii=False))}",
            "",
            "MODULES = {}",
            *(
                f"\nMODULES[{module.name!r}] = {module.file!r}, {literal(module.text)}"
                for module in modules
            ),
            "",
            inspect.getsource(loader),
            "",
            f"run(MODULES, {main.name!r}, JOB, {f'{package}._job'.lstrip('.')!r})",
            "",
        ]
    )


def _require_small(size: int, parts: Mapping[str, int]) -> None:
    if size <= LARGEST_SCRIPT_BYTES:
        return
    largest = sorted(parts.items(), key=lambda part: -part[1])[:3]
    names = ", ".join(f"{file} ({part_size // 1000} kB)" for file, part_size in largest)
    raise InvalidInput(
        f"The script would be {size // 1000} kB; Kaggle takes 1 MB and kitctl stays under "
        f"{LARGEST_SCRIPT_BYTES // 1000} kB. The biggest parts: {names}.",
        code="script_too_big",
        hint="Put data into a Kaggle data set and name it in dataset_sources.",
    )
