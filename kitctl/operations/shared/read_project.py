"""A project's folder as data: its metadata, its modules or its one file, its settings."""

from __future__ import annotations

import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from kitctl.config import JOB_NAME, METADATA_NAME
from kitctl.domain import metadata, secrets
from kitctl.domain.metadata import Inspection
from kitctl.errors import InvalidInput, NextCommand, Problem
from kitctl.packing.bundle import Module


@dataclass(frozen=True)
class Project:
    """What a project's folder holds; `problems` is all that is wrong with it.

    `modules` is empty where no job.toml stands beside the code: then `code` is sent as it is.
    """

    inspection: Inspection
    code: bytes
    modules: tuple[Module, ...]
    settings: Mapping[str, Any]
    problems: tuple[Problem, ...]


def read_project(project: Path) -> Project:
    """Reads the project.

    Raises InvalidInput only where nothing more can be read; mistakes are in the job's `problems`.
    """
    try:
        inspection = metadata.inspect((project / METADATA_NAME).read_text("utf-8"))
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{METADATA_NAME} is not written in UTF-8.",
            code="invalid_metadata",
            hint=("Save it as UTF-8, then: ", NextCommand("doctor")),
        ) from None
    problems = list(inspection.problems)
    code_file = inspection.metadata.code_file
    path = project / code_file
    if not code_file:
        return Project(inspection, b"", (), {}, tuple(problems))
    wrong = _wrong_place(project, path)
    if wrong:
        problems.append(Problem("code_file", f"is {code_file}, which {wrong[0]}.", wrong[1]))
        return Project(inspection, b"", (), {}, tuple(problems))
    if not (path.parent / JOB_NAME).is_file():
        code = path.read_bytes()
        problems += _credentials(code_file, code.decode("utf-8", errors="replace"))
        return Project(inspection, code, (), {}, tuple(problems))
    modules = _modules(project, path.parent, problems)
    settings = _settings(path.parent / JOB_NAME, problems)
    return Project(inspection, path.read_bytes(), modules, settings, tuple(problems))


def _wrong_place(project: Path, path: Path) -> tuple[str, str] | None:
    """What is wrong with a file that is to be sent, and the fix."""
    root = project.resolve()
    if not path.resolve().is_relative_to(root):
        return "leads out of the project's folder", "Put a copy inside the folder."
    if not path.is_file():
        return "does not exist", "Mend the name, or make the file."
    return None


def _modules(project: Path, folder: Path, problems: list[Problem]) -> tuple[Module, ...]:
    """Every module of the folder and of the packages in it, in a fixed order."""
    modules = {}
    for path in sorted(_python_files(folder)):
        file = path.relative_to(project).as_posix()
        wrong = _wrong_place(project, path)
        if wrong:
            problems.append(Problem(file, f"{wrong[0]}.", wrong[1]))
            continue
        try:
            with tokenize.open(path) as source:
                text = source.read() if source.newlines in (None, "\n") else _exact(path)
            compile(text, file, "exec", dont_inherit=True)
        except (SyntaxError, UnicodeDecodeError, ValueError) as error:
            problems.append(Problem(file, f"is not valid Python: {error}.", "Mend it."))
            continue
        problems += _credentials(file, text)
        modules[file] = Module(_dotted(file), file, text)
    parents = PurePosixPath(folder.relative_to(project).as_posix()).parents
    for package in (PurePosixPath(folder.relative_to(project).as_posix()), *parents):
        file = str(package / "__init__.py")
        if str(package) != "." and file not in modules:
            modules[file] = Module(_dotted(file), file, "")
    for name in {part for module in modules.values() for part in module.name.split(".")}:
        if not name.isidentifier():
            problems.append(
                Problem(name, "is no name that Python can import.", "Use letters, digits and _.")
            )
    return tuple(modules[file] for file in sorted(modules))


def _exact(path: Path) -> str:
    """The text with its own line ends (`\\r\\n`), which reading as text would change."""
    with path.open("rb") as file:
        encoding, _ = tokenize.detect_encoding(file.readline)
    return path.read_bytes().decode(encoding)


def _python_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix == ".py":
            yield path
        elif (path / "__init__.py").is_file():
            yield from _python_files(path)


def _dotted(file: str) -> str:
    parts = PurePosixPath(file).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _settings(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        settings = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(JOB_NAME, f"is not valid TOML: {error}.", "Mend it."))
        return {}
    problems += _credentials(JOB_NAME, text)
    return settings


def _credentials(file: str, text: str) -> list[Problem]:
    return [
        Problem(
            f"{file}, line {line}",
            f"holds {kind}.",
            "Take it out and renew it; a run reads secrets with kaggle_secrets.UserSecretsClient.",
        )
        for line, kind in secrets.find_credentials(text)
    ]
