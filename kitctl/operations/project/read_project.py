"""Read a project's folder: its metadata, its modules or its one file, its settings."""

from __future__ import annotations

import json
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from kitctl import config
from kitctl.config import JOB_NAME
from kitctl.domain.job.metadata import Inspection
from kitctl.domain.job.python_code import check_python
from kitctl.errors import InvalidInput, Problem
from kitctl.files import read_settings_text, read_toml
from kitctl.operations.project.read_code import credentials, read_code
from kitctl.operations.project.read_data_files import read_data_files
from kitctl.operations.project.read_metadata import read_metadata
from kitctl.operations.project.read_own_code import OwnCode, read_own_code
from kitctl.operations.project.suggest_file import suggest_file
from kitctl.packing.module_files import dotted
from kitctl.packing.plan import CodeFiles, Module
from kitctl.packing.requirements import Requirements, find_requirements


@dataclass(frozen=True)
class Project:
    """A project as it lies in its folder; `problems` is all that is wrong with it.

    `modules` is empty where there is no job.toml beside the code: then `own_code` are the modules
    of the project that the code needs, and `own_names` their top-level names: nothing is to be
    installed for those.
    """

    inspection: Inspection
    code: bytes
    modules: tuple[Module, ...]
    settings: Mapping[str, Any]
    problems: tuple[Problem, ...]
    code_warnings: tuple[str, ...] = ()
    own_code: CodeFiles = field(default_factory=CodeFiles)
    own_names: frozenset[str] = frozenset()
    data_files: Mapping[str, bytes] = field(default_factory=dict)
    requirements: Requirements = field(default_factory=Requirements)

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.inspection.warnings, *self.code_warnings)

    @property
    def offline_warnings(self) -> tuple[str, ...]:
        """The warnings of a command that does not ask Kaggle whether the kernel exists."""
        return (*self.inspection.metadata.new_kernel_warnings, *self.warnings)


def read_project(folder: Path) -> Project:
    """Read the project in this folder.

    Raises InvalidInput only where nothing more can be read; mistakes are in `problems`.
    """
    inspection = read_metadata(folder)
    problems = list(inspection.problems)
    code_file = inspection.metadata.code_file
    path = folder / code_file
    if not code_file:
        return Project(inspection, b"", (), {}, tuple(problems))
    if not path.is_file():
        fix = suggest_file(folder, code_file)
        problems.append(Problem("code_file", f"is {code_file}, which does not exist.", fix))
        return Project(inspection, b"", (), {}, tuple(problems))
    data_files = read_data_files(folder, config.load(folder, {}).files, problems)
    is_outside = not path.resolve().is_relative_to(folder.resolve())
    if is_outside or not (path.parent / JOB_NAME).is_file():
        return _read_single_file(folder, inspection, data_files, problems, is_outside=is_outside)
    modules = _modules(folder, path.parent, problems)
    settings = _settings(path.parent / JOB_NAME, problems)
    # The job that comes with kitctl lies in a project whose packages are kitctl's own.
    named = config.load(folder, {}).requirements or ()
    requirements = find_requirements(folder, named, path, "")
    problems += requirements.problems
    return Project(
        inspection,
        path.read_bytes(),
        modules,
        settings,
        tuple(problems),
        tuple(requirements.warnings),
        data_files=data_files,
        requirements=requirements,
    )


def _read_single_file(
    folder: Path,
    inspection: Inspection,
    data_files: Mapping[str, bytes],
    problems: list[Problem],
    *,
    is_outside: bool,
) -> Project:
    """Read a script or a notebook, and the modules of the project that it needs."""
    metadata = inspection.metadata
    code = read_code(metadata, (folder / metadata.code_file).read_bytes())
    problems += code.problems
    own, requirements = OwnCode(), Requirements()
    if metadata.language == "python" and not code.problems:
        own = read_own_code(folder, metadata, code.data, data_files)
        setting, path = config.load(folder, {}).requirements, folder / metadata.code_file
        requirements = find_requirements(folder, setting, path, code.data.decode("utf-8"))
        problems += [*own.problems, *requirements.problems]
    warnings = (*code.warnings, *own.warnings, *requirements.warnings)
    if is_outside:
        along = "with the modules beside it" if own.files.files else "alone"
        place = f"code_file: {metadata.code_file} lies outside the project's folder"
        warnings = (f"{place}; it is sent {along}.", *warnings)
    return Project(
        inspection,
        code.data,
        (),
        {},
        tuple(problems),
        warnings,
        own_code=own.files,
        own_names=own.names,
        data_files=data_files,
        requirements=requirements,
    )


def _misplaced(folder: Path, path: Path) -> tuple[str, str] | None:
    """Return what is wrong with the place of a file that is to be sent, and the fix."""
    if not path.resolve().is_relative_to(folder.resolve()):
        return "leads out of the project's folder", "Put a copy inside the folder."
    if not path.is_file():
        return "does not exist", "Fix the name, or create the file."
    return None


def _modules(folder: Path, package: Path, problems: list[Problem]) -> tuple[Module, ...]:
    """Return the modules of the package and of the packages in it, in a fixed order."""
    modules = {}
    for path in sorted(_python_files(package)):
        file = path.relative_to(folder).as_posix()
        misplaced = _misplaced(folder, path)
        if misplaced:
            reason, fix = misplaced
            problems.append(Problem(file, f"{reason}.", fix))
            continue
        try:
            with tokenize.open(path) as source:
                text = source.read() if source.newlines in (None, "\n") else _exact_text(path)
            check_python(text, file)
        except (SyntaxError, UnicodeDecodeError, ValueError) as error:
            problems.append(Problem(file, f"is not valid Python: {error}.", "Fix it."))
            continue
        problems += credentials(file, text)
        modules[file] = Module(dotted(PurePosixPath(file)), file, text)
    # A package above, up to the project's folder, may have no __init__.py of its own.
    name = PurePosixPath(package.relative_to(folder).as_posix())
    for above in (name, *name.parents):
        file = str(above / "__init__.py")
        if str(above) != "." and file not in modules:
            modules[file] = Module(dotted(PurePosixPath(file)), file, "")
    for part in {part for module in modules.values() for part in module.name.split(".")}:
        if not part.isidentifier():
            problems.append(
                Problem(part, "is no name that Python can import.", "Use letters, digits and _.")
            )
    return tuple(modules[file] for file in sorted(modules))


def _exact_text(path: Path) -> str:
    """Return the text with its own line ends (`\\r\\n`), which reading as text would change."""
    with path.open("rb") as file:
        encoding, _ = tokenize.detect_encoding(file.readline)
    return path.read_bytes().decode(encoding)


def _python_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix == ".py":
            yield path
        elif (path / "__init__.py").is_file():
            yield from _python_files(path)


def _settings(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        settings = read_toml(path)
    except InvalidInput as error:
        problems.append(Problem(JOB_NAME, f"cannot be read: {error.message}", "Fix it."))
        return {}
    problems += credentials(JOB_NAME, read_settings_text(path))
    try:
        json.dumps(settings)
    except TypeError:
        fix = "Write it as a text in quotes."
        problems.append(Problem(JOB_NAME, "holds a date or a time, which no setting is.", fix))
        return {}
    return settings
