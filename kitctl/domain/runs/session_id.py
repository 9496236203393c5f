"""The id of a run's session, which Kaggle cancels by and only the run itself can print.

Nothing at Kaggle says whose session an id is, so an id counts only where it cannot be another
run's: in the first line on stdout of a run whose source prints its own before anything else.
"""

from __future__ import annotations

import ast
import json
import re

SESSION_LINES = """\
import os

_container = os.environ.get("KAGGLE_CONTAINER_NAME", "")
_is_known = _container.endswith("-webtier")
print("session", _container.split("-")[-2] if _is_known else "unknown", flush=True)
"""
"""The first lines of each script that kitctl packs, and of the cell that it adds to a notebook."""
SESSION_NAMES = ("os", "_container", "_is_known")
"""The names that they bind."""

PRINT_CONTAINER = "print(os.environ['KAGGLE_CONTAINER_NAME'], flush=True)"
"""What a script of the user's own begins with, for `cancel`."""

_FORMS = re.compile(r"(?:session ([0-9]{1,19})|kaggle_\S+-([0-9]{1,19})-webtier)\s*")
_LARGEST = 2**63 - 1
_VARIABLE = "KAGGLE_CONTAINER_NAME"
_BUILT_IN = {"os", "print"}
_READERS = {"os.environ.get", "os.getenv"}


class SessionIdReader:
    """Read the id of a run's session from its log: from its first line on stdout only.

    That is `session <id>` or the name of the run's container. `is_over` says whether the line has
    come. Whether the id is the run's own depends on its source: `prints_its_session`.
    """

    def __init__(self) -> None:
        self.session_id: int | None = None
        self.is_over = False

    def read(self, stream: str, text: str) -> None:
        """Take the next line of the log."""
        if self.is_over or stream != "stdout" or not text.strip():
            return
        self.is_over = True
        match = _FORMS.fullmatch(text)
        number = int(match[1] or match[2]) if match else 0
        self.session_id = number if 0 < number <= _LARGEST else None


def prints_its_session(source: str) -> bool:
    """Return whether a script or notebook prints the id of its own session before all else.

    Imports, constants and comments may come before.
    """
    lines = _code(source).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((at for at, line in enumerate(lines) if line and line[0] != "#"), 0)
    if "\n".join(lines[first:]).startswith(SESSION_LINES):
        return True
    last = next((at for at, line in enumerate(lines) if _VARIABLE in line), None)
    if last is None:
        return False
    try:
        # What comes behind may be for a newer Python, or for IPython.
        statements = ast.parse("\n".join(lines[: last + 1])).body
        first_action = next((one for one in statements if not _prints_nothing(one)), None)
        return first_action is not None and _prints_container(first_action)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _code(source: str) -> str:
    """Return a script's source without its byte order mark, or a notebook's code."""
    try:
        cells = json.loads(source)["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (ValueError, TypeError, KeyError, RecursionError):
        return source.removeprefix("\ufeff")


def _prints_nothing(statement: ast.stmt) -> bool:
    """Return whether a statement is an import or a constant, and `os` and `print` stay theirs."""
    match statement:
        case ast.Import(names):
            names_bound = {
                name.asname or name.name.partition(".")[0]
                for name in names
                if (name.name, name.asname) not in {("os", None), ("os.path", None)}
            }
        case ast.ImportFrom(names=names):
            names_bound = {name.asname or name.name for name in names}
        case ast.Assign(targets=targets, value=ast.Constant()):
            names_bound = {target.id if isinstance(target, ast.Name) else "*" for target in targets}
        case ast.Expr(ast.Constant()):
            return True
        case _:
            return False
    return not names_bound & {*_BUILT_IN, "*"}


def _prints_container(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Call(ast.Name("print"), [value], keywords)):
            pass
        case _:
            return False
    if any(keyword.arg != "flush" for keyword in keywords):
        return False
    match value:
        case ast.Subscript(reader, ast.Constant(name)):
            return name == _VARIABLE and ast.unparse(reader) == "os.environ"
        case ast.Call(reader, [ast.Constant(name), *_], []):
            return name == _VARIABLE and ast.unparse(reader) in _READERS
        case _:
            return False
