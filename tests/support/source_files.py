"""The project's own Python files as the architecture tests read them: paths, modules, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Import:
    """One imported name, made absolute: `from kernel.data import photos` → `kernel.data.photos`."""

    name: str
    line: int
    is_deferred: bool  # In a function or under TYPE_CHECKING: not run when the file is imported.


def python_files(*folders: str) -> list[Path]:
    """Every Python file in these folders of the project, sorted."""
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def place(path: Path, line: int | None = None) -> str:
    """Return `kitctl/cli/push.py:12`, as editors open it."""
    name = path.relative_to(PROJECT).as_posix()
    return name if line is None else f"{name}:{line}"


def module_name(path: Path) -> str:
    """Return the dotted name of a file: `kernel/data/__init__.py` → `kernel.data`."""
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def expect_none(complaints: list[str]) -> None:
    """Fail with the complaints, a line each, and without this file's own traceback."""
    __tracebackhide__ = True
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


@cache
def imports(path: Path) -> list[Import]:
    """Every import of a file, those in functions and under TYPE_CHECKING too."""
    package = path.relative_to(PROJECT).parent.parts
    found = []
    for node, is_deferred in _statements(parse(path), is_deferred=False):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [Import(name, node.lineno, is_deferred) for name in names]
    return found


def _statements(node: ast.AST, *, is_deferred: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        below = (
            is_deferred
            or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        )
        yield child, is_deferred
        yield from _statements(child, is_deferred=below)
