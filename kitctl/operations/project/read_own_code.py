"""The modules of a project that its script or notebook imports, read to be sent along."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from kitctl import config
from kitctl.domain.job.metadata import Metadata
from kitctl.errors import Problem
from kitctl.operations.project.read_code import credentials
from kitctl.packing import notebooks
from kitctl.packing.own_modules import MainCode, OwnModules, find_own_modules, main_package
from kitctl.packing.plan import CodeFiles


@dataclass(frozen=True)
class OwnCode:
    """The project's own modules, their top-level names, and what is wrong or doubtful."""

    files: CodeFiles = field(default_factory=CodeFiles)
    names: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def read_own_code(
    folder: Path, metadata: Metadata, code: bytes, data_files: Collection[str]
) -> OwnCode:
    """Return the modules of the project that the code needs, found without running any of it."""
    path = folder / metadata.code_file
    main = MainCode(path, _sources(metadata, code))
    own = find_own_modules(folder, main, config.load(folder, {}).code)
    files = {_place(folder, path): path.read_bytes() for path in own.modules}
    problems = [
        problem
        for name, content in files.items()
        for problem in credentials(name, content.decode("utf-8", "replace"))
    ]
    roots = tuple(_place(folder, root) for root in own.roots)
    package = main_package(folder, main) if metadata.kernel_type == "script" else ""
    return OwnCode(
        CodeFiles(files=dict(sorted(files.items())), roots=roots, package=package),
        own.names,
        (*own.problems, *problems),
        (*own.warnings, *_unsent(folder, own, data_files)),
    )


def _sources(metadata: Metadata, code: bytes) -> list[str | bytes]:
    if metadata.kernel_type != "notebook":
        return [code]
    return [notebooks.plain_python(cell) for cell in notebooks.code_cells(code.decode("utf-8"))]


def _place(folder: Path, path: Path) -> str:
    """Return where a file of the project is written in a run, from the folder of its code.

    A file beside a script outside the project's folder keeps its place from there.
    """
    name = Path(os.path.relpath(path, folder)).as_posix()
    while name.startswith("../"):
        name = name.removeprefix("../")
    return name


def _unsent(folder: Path, own: OwnModules, data_files: Collection[str]) -> list[str]:
    names = [_place(folder, path) for path in own.reads if path not in own.modules]
    left = [name for name in names if name not in data_files]
    if not left:
        return []
    examples = ", ".join(f'"{name}"' for name in left[:5])
    return [
        f"The code opens {', '.join(left[:5])} beside it, and only code is sent: to send that too, "
        f"write files = [{examples}] in [tool.kitctl] of pyproject.toml."
    ]
