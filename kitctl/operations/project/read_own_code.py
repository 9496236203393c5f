"""The modules of a project that its script or notebook imports, read to be sent along."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kitctl import config
from kitctl.domain.data.secret_files import kind_of_secret
from kitctl.domain.job.metadata import Metadata
from kitctl.errors import Problem
from kitctl.operations.project.read_code import credentials
from kitctl.packing import notebooks
from kitctl.packing.module_files import is_file, is_inside, names_in
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
    named = [] if metadata.kernel_type != "notebook" else _named_files(path, folder, code)
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
        (
            *own.warnings,
            *_unsent(folder, [*own.reads, *named], own, data_files),
            *_absent_submodules(folder, [code, *files.values()]),
        ),
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


def _named_files(path: Path, folder: Path, code: bytes) -> list[Path]:
    """Return the files beside a notebook that its lines for the shell name or run as modules."""
    words = notebooks.named_words(notebooks.code_cells(code.decode("utf-8")))
    names = [name for word in words for name in (word, f"{word.replace('.', '/')}.py")]
    files = [path.parent / name for name in dict.fromkeys(names)]
    return [file for file in files if is_file(file) and is_inside(file, folder)]


def _absent_submodules(folder: Path, sources: Sequence[bytes]) -> list[str]:
    """Return a warning for each git submodule that the code imports, and that is empty here."""
    try:
        text = (folder / ".gitmodules").read_text("utf-8", "replace")
    except OSError:
        return []
    code = b"\n".join(sources).decode("utf-8", "replace")
    paths = [match.strip() for match in re.findall(r"(?m)^\s*path\s*=(.*)$", text)]
    return [
        f"{path} is a git submodule that is not checked out here, so its code is not sent. Type: "
        "git submodule update --init"
        for path in paths
        if not names_in(folder / path)
        and re.search(rf"\b(?:import|from)\s+[\w.]*\b{re.escape(Path(path).name)}\b", code)
    ]


def _unsent(
    folder: Path, used: Sequence[Path], own: OwnModules, data_files: Collection[str]
) -> list[str]:
    names = [_place(folder, path) for path in used]
    names = [name for name in dict.fromkeys(names) if name not in data_files]
    left = [name for name in names if folder / name not in own.modules and not kind_of_secret(name)]
    if not left:
        return []
    examples = ", ".join(f'"{name}"' for name in left[:5])
    return [
        f"The code uses {', '.join(left[:5])} beside it, and only what it imports is sent: to send "
        f"that too, write files = [{examples}] in [tool.kitctl] of pyproject.toml."
    ]
