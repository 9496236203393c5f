"""`init`: start a project from a script or notebook that is there, or from a template."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from kitctl.config import METADATA_NAME
from kitctl.domain.job import metadata as metadata_file
from kitctl.domain.job.metadata import Metadata
from kitctl.domain.job.titles import slug_of, title_from
from kitctl.errors import InvalidInput
from kitctl.operations.project.adopted_code import KINDS, AdoptedCode, adopt_file, adopt_text
from kitctl.operations.project.imported_packages import not_installed, pip_install
from kitctl.operations.project.read_project import read_project
from kitctl.operations.project.sample_competition import FOLDER, SLUG, sample_competition
from kitctl.operations.project.shipped_files import shipped_folder

TEMPLATES = {
    "competition": "train.py",
    "course": "kernel/main.py",
    "keras": "train.py",
    "notebook": "notebook.ipynb",
    "pytorch": "train.py",
    "sklearn": "train.py",
}
"""The name of each template and its file of code."""

COURSE = "course"
COURSE_FILES = (
    "kernel",
    "datasets/car-or-truck-sample",
    "datasets/cv-course-models/README.md",
    "datasets/recipes",
)
"""What of the shipped files belongs to the course's job, beside its metadata."""

COURSE_PYPROJECT = """\
[tool.kitctl.sources]
# Which local folder stands for which Kaggle source.
"ryanholbrook/car-or-truck" = "datasets/car-or-truck-sample"
"ryanholbrook/cv-course-models" = "datasets/cv-course-models"
"""
COMPETITION = "competition"
COMPETITION_PYPROJECT = f"""\
[tool.kitctl.sources]
# What stands for the competition in a rehearsal: its data, and the solution to score by.
"{SLUG}" = "{FOLDER}"
"""
LEFT_OUT = {"__pycache__", "files"}
"""Folders that are made where they are needed."""


@dataclass(frozen=True, kw_only=True)
class InitResult:
    """A new project: its folder, the files that were created in it, what to type next."""

    project: Path
    id: str
    title: str
    code_file: str
    accelerator: str
    accelerator_reason: str
    enable_internet: bool
    internet_reason: str
    created: tuple[str, ...]
    next: tuple[str, ...]
    warnings: tuple[str, ...]


def init_from_file(
    file: Path,
    project: Path | None,
    *,
    title: str | None,
    accelerator: str,
    taken: Collection[str] = (),
) -> InitResult:
    """Make a project of a script or notebook, which stays as it is.

    `project` is the folder, by default that of the file, or above it where the file belongs to a
    package. `taken` are the slugs of other jobs.

    Raises InvalidInput where there is a project already, or the file is no code.
    """
    code = adopt_file(file, project)
    metadata = _metadata(
        code, title or title_from((file.stem, *_folder_names(code.project)), taken)
    )
    return _create(code, metadata, code.new_files, accelerator)


def init_from_template(
    template: str, project: Path, *, title: str | None, accelerator: str
) -> InitResult:
    """Write a template's job into the folder, which is created if needed.

    Raises InvalidInput where one of its files is there already.
    """
    if template == COURSE:
        return _init_course(project, title=title, accelerator=accelerator)
    project, name = project.absolute(), TEMPLATES[template]
    data = (shipped_folder() / "templates" / template / name).read_bytes()
    code = adopt_text(project, name, data.decode())
    metadata = _metadata(code, title or title_from((*_folder_names(project), f"{template} job")))
    files = {name: data}
    if template == COMPETITION:
        files |= {"pyproject.toml": COMPETITION_PYPROJECT.encode(), **sample_competition()}
    result = _create(code, metadata, files, accelerator)
    if template == COMPETITION:
        return replace(result, next=(*result.next[:-1], "kitctl submit --local --wait"))
    return result


def advice_on_start(folder: Path) -> str:
    """Return the command that most likely is meant in this folder."""
    names = sorted(
        path.name for path in folder.glob("*") if path.suffix.lower() in KINDS and path.is_file()
    )
    start = f"--from {shlex.quote(names[0])}" if names else "--template sklearn"
    return f"kitctl init {start}   (templates: {', '.join(TEMPLATES)})"


def _init_course(project: Path, *, title: str | None, accelerator: str) -> InitResult:
    shipped = shipped_folder()
    files = {
        path.relative_to(shipped).as_posix(): path.read_bytes()
        for name in COURSE_FILES
        for path in sorted([shipped / name, *(shipped / name).rglob("*")])
        if path.is_file() and not LEFT_OUT & set(path.relative_to(shipped).parts)
    }
    files["pyproject.toml"] = COURSE_PYPROJECT.encode()
    metadata = metadata_file.inspect((shipped / METADATA_NAME).read_text("utf-8")).metadata
    if title:
        metadata = _titled(metadata, title)
    main = TEMPLATES[COURSE]
    code = adopt_text(project.absolute(), main, files[main].decode())
    # All that its modules import comes with TensorFlow.
    code = replace(code, imports=("tensorflow",))
    return _create(code, metadata, files, accelerator)


def _metadata(code: AdoptedCode, title: str) -> Metadata:
    needs = code.needs
    metadata = Metadata(
        owner="",
        slug="",
        title="",
        code_file=code.code_file,
        language=code.language,
        kernel_type=code.kernel_type,
        enable_internet=needs.enable_internet,
        accelerator=needs.accelerator,
        sources=needs.sources,
    )
    return _titled(metadata, title)


def _titled(metadata: Metadata, title: str) -> Metadata:
    return replace(metadata, title=title, slug=slug_of(title))


def _folder_names(project: Path) -> tuple[str, ...]:
    """Return the names that may complete a title that is too short."""
    return (project.name,) if project.name else ()


def _create(
    code: AdoptedCode, metadata: Metadata, files: Mapping[str, bytes], accelerator: str
) -> InitResult:
    """Write the project's new files, all or none, and describe it."""
    metadata = metadata.with_accelerator(accelerator)
    text = metadata.to_json()
    _require_valid(text)
    contents = {METADATA_NAME: text.encode(), **files}
    _write_new(code.project, contents)
    needs = code.needs
    project_files = read_project(code.project)
    return InitResult(
        project=code.project,
        id=metadata.id,
        title=metadata.title,
        code_file=metadata.code_file,
        accelerator=metadata.machine_shape,
        accelerator_reason="as --accelerator says" if accelerator else needs.accelerator_reason,
        enable_internet=metadata.enable_internet,
        internet_reason=needs.internet_reason,
        created=tuple(contents),
        next=_next_commands(code.project, code.imports),
        warnings=(
            *map(str, project_files.problems),
            *project_files.warnings,
            *map(_advice_on_source, needs.unknown_sources),
        ),
    )


def _advice_on_source(name: str) -> str:
    return (
        f"The code reads /kaggle/input/{name}: name it in {METADATA_NAME}, as OWNER/{name} in "
        f"dataset_sources or as {name} in competition_sources."
    )


def _require_valid(text: str) -> None:
    """Raise InvalidInput where Kaggle would refuse the metadata."""
    problems = metadata_file.inspect(text).problems
    if problems:
        raise InvalidInput(
            "Kaggle would refuse such a project; nothing was written.",
            code="invalid_metadata",
            hint="Give another name with --title TEXT.",
            problems=problems,
        )


def _write_new(project: Path, contents: Mapping[str, bytes]) -> None:
    """Write all files or none; raise InvalidInput where one is there already."""
    existing = [name for name in contents if os.path.lexists(project / name)]
    if existing:
        raise InvalidInput(
            f"Nothing was written: {project} has {', '.join(existing[:3])} already.",
            code="exists",
            hint=_advice_on_existing(existing),
        )
    written: list[Path] = []
    try:
        for name, data in contents.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                written.append(path)
                file.write(data)
    except BaseException:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise


def _advice_on_existing(existing: Sequence[str]) -> str:
    if existing[0] == METADATA_NAME:
        return "It is a project already: kitctl doctor says what it lacks."
    return "Name another folder: kitctl init FOLDER --template …"


def _next_commands(project: Path, imports: Sequence[str]) -> tuple[str, ...]:
    installation = pip_install(not_installed(imports))
    here = Path.cwd()
    folder = project.relative_to(here) if project.is_relative_to(here) else project
    return (
        *([f"cd {shlex.quote(str(folder))}"] if project != here else []),
        *([installation] if installation else []),
        "kitctl dry-run",
        "kitctl push --local --follow",
        "kitctl pull-results --local",
    )
