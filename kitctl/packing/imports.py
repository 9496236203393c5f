"""What a Python source imports, and the files that it reads, as its syntax tree shows them."""

from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import dataclass, field

from kitctl.domain.job.python_code import parse_python

_READERS = {
    *("open", "load", "imread", "loadtxt", "genfromtxt", "fromfile", "read_csv", "read_table"),
    *("read_json", "read_excel", "read_parquet", "read_feather", "read_pickle"),
}
"""Functions whose first argument is a file to read."""
_PATH_READERS = frozenset({"read_text", "read_bytes", "open"})
"""Methods of a path that read it."""


@dataclass(frozen=True)
class ImportStatement:
    """One import: `from ..a import b, c` has the level 2, the module "a" and the names b and c."""

    module: str
    names: tuple[str, ...] = ()
    level: int = 0
    line: int = 0


@dataclass
class SourceImports:
    """All imports of a source, and what else decides which files it needs.

    `packages` are those of which a module is imported by a name that is computed, `unseen` the
    lines of imports by a wholly computed name, `paths` the folders that are put on sys.path,
    `reads` the names of files that are opened to be read, `exported` the names in `__all__`.
    """

    statements: list[ImportStatement] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    unseen: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)


def imports_of(source: str | bytes) -> SourceImports:
    """Return what a source imports wherever it does so, but for type checkers only.

    Raises SyntaxError.
    """
    reader = _Reader()
    left: list[ast.AST] = [parse_python(source)]
    while left:  # Not by recursion: a long sum is as deep as it has terms.
        node = left.pop()
        with suppress(RecursionError):  # What is nested as deep names no file.
            reader.visit(node)
        below: list[ast.AST] = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING":
            below = [*node.orelse]
        left += reversed(below)
    return reader.result


class _Reader(ast.NodeVisitor):
    """Reads one node; `imports_of` goes on to those below it."""

    def __init__(self) -> None:
        self.result = SourceImports()

    def generic_visit(self, node: ast.AST) -> None:
        return

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.result.statements.append(ImportStatement(alias.name, line=node.lineno))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = tuple(alias.name for alias in node.names)
        self.result.statements.append(
            ImportStatement(node.module or "", names, node.level, node.lineno)
        )

    def visit_Assign(self, node: ast.Assign) -> None:
        if "__all__" in map(_last_name, node.targets):
            texts = (_text(part) for part in ast.walk(node.value) if isinstance(part, ast.Constant))
            self.result.exported += filter(None, texts)

    def visit_Call(self, node: ast.Call) -> None:
        name = _last_name(node.func)
        if name in ("import_module", "__import__", "run_module") and node.args:
            self._import_by_name(node.args[0], node.lineno, runs=name == "run_module")
        elif name in ("append", "insert") and _is_sys_path(node.func):
            self.result.paths += filter(None, map(_path_text, node.args))
        elif name in _READERS and node.args and not _writes(node):
            self.result.reads += filter(None, [_path_text(node.args[0])])
        if (
            name in _PATH_READERS
            and isinstance(node.func, ast.Attribute)
            and not _writes(node, place=0)
        ):
            self.result.reads += filter(None, [_path_text(node.func.value)])

    def _import_by_name(self, argument: ast.expr, line: int, *, runs: bool) -> None:
        text, package = _text(argument), _first_text(argument).rpartition(".")[0]
        if text.replace(".", "").isidentifier():
            level = len(text) - len(text.lstrip("."))
            # A package that is run as a program begins with its module `__main__`.
            names = ("__main__",) if runs else ()
            self.result.statements.append(ImportStatement(text[level:], names, level, line))
        elif package.replace(".", "").isidentifier():
            self.result.packages.append(package)
        else:
            self.result.unseen.append(line)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_sys_path(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) == "sys.path"


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _path_text(node: ast.expr) -> str:
    """Return the path that an expression names, from the folder of its code.

    `"a/b"`, `Path("a", "b")`, `Path(__file__).parent / "a" / "b"`, `HERE / "a"`,
    `os.path.join(os.path.dirname(__file__), "a")` and a `str(…)` or `open(…)` of these are such
    expressions; what is computed otherwise counts as the code's folder.
    """
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return "/".join(filter(None, [_path_text(node.left), _path_text(node.right)]))
    if isinstance(node, ast.Call) and _last_name(node.func) in ("Path", "join", "joinpath"):
        parts: list[ast.expr] = list(node.args)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath":
            parts.insert(0, node.func.value)
        return "/".join(filter(None, map(_path_text, parts)))
    if isinstance(node, ast.Call) and _last_name(node.func) in ("str", "abspath", "fspath"):
        return _path_text(node.args[0]) if node.args else ""
    if isinstance(node, ast.Call) and _last_name(node.func) in ("resolve", "absolute"):
        return _path_text(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    if isinstance(node, ast.Attribute) and node.attr == "parent":
        above = _path_text(node.value)
        return "" if not above or "/" not in above else above.rpartition("/")[0]
    return _text(node)


def _first_text(node: ast.expr) -> str:
    """Return the text with which an expression such as `f"models.{name}"` begins, or ""."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return _text(node.values[0])
    while isinstance(node, ast.BinOp):
        node = node.left
    return _text(node)


def _writes(call: ast.Call, place: int = 1) -> bool:
    """Return whether a call such as `open(path, "w")` opens its file to be written.

    `place` is that of the mode among its arguments.
    """
    modes = [
        *call.args[place : place + 1],
        *(item.value for item in call.keywords if item.arg == "mode"),
    ]
    return any(set(_text(mode)) & set("wax") for mode in modes)
