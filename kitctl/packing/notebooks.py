"""Notebooks as Kaggle takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

KERNELS = {
    "python": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "r": {"display_name": "R", "language": "R", "name": "ir"},
}
CELL_TYPES = ("code", "markdown", "raw")


class NotANotebook(ValueError):
    """A text that Kaggle cannot run as a notebook; the message ends a sentence about the file."""


def without_outputs(text: str, language: str = "python") -> str:
    """Return the notebook without outputs, the source of each cell as one string.

    A notebook that names no kernel gets the language's, because Kaggle runs none without.

    Raises NotANotebook where a cell has no source, or where nothing is to run.
    """
    notebook = _parse(text)
    for number, cell in enumerate(notebook["cells"], 1):
        cell["source"] = _source(cell, number)
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    if not any(cell["source"].strip() for cell in notebook["cells"]):
        raise NotANotebook("has no cells with anything in them")
    if not _kernel_name(notebook):
        metadata = notebook["metadata"] = notebook.get("metadata") or {}
        metadata["kernelspec"] = KERNELS.get(language, KERNELS["python"])
    return json.dumps(notebook)


def names_no_kernel(text: str) -> bool:
    """Whether Kaggle would fail with "No kernel name found in notebook"."""
    return not _kernel_name(_parse(text))


def sources(text: str) -> list[str]:
    """Return the source of each cell of a notebook. Raises NotANotebook."""
    return [_source(cell, number) for number, cell in enumerate(_parse(text)["cells"], 1)]


def code_cells(text: str) -> list[str]:
    """Return the source of each code cell of a notebook. Raises NotANotebook."""
    cells = zip(_parse(text)["cells"], sources(text), strict=True)
    return [source for cell, source in cells if cell["cell_type"] == "code"]


def plain_python(cell: str) -> str:
    """Return a code cell as Python; what is for IPython only stands as comments or `None`."""
    if cell.lstrip().startswith("%%"):
        return "\n".join(f"# {line}" for line in cell.splitlines())
    return "\n".join(_plain_lines(cell))


def _parse(text: str) -> dict[str, Any]:
    try:
        notebook: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotANotebook(f"is not valid JSON (line {error.lineno}: {error.msg})") from None
    except RecursionError:
        raise NotANotebook("is not valid JSON (nested too deep)") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotANotebook("is no notebook of format 4: it has no list of cells")
    if not isinstance(notebook.get("metadata") or {}, dict):
        raise NotANotebook("is no notebook of format 4: its metadata is no object")
    return notebook


def _source(cell: object, number: int) -> str:
    if not isinstance(cell, dict) or cell.get("cell_type") not in CELL_TYPES:
        raise NotANotebook(f"is damaged: cell {number} has no type ({', '.join(CELL_TYPES)})")
    source = cell.get("source")
    lines = [source] if isinstance(source, str) else source
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise NotANotebook(f"is damaged: the source of cell {number} is {_short(source)}, not text")
    return "".join(lines)


def _short(value: object) -> str:
    return json.dumps(value)[:20]


def _kernel_name(notebook: dict[str, Any]) -> str:
    kernel = (notebook.get("metadata") or {}).get("kernelspec")
    return str(kernel.get("name") or "") if isinstance(kernel, dict) else ""


def _plain_lines(cell: str) -> Iterator[str]:
    is_continued, indent = False, ""
    for line in cell.splitlines():
        if is_continued or re.match(r"\s*[!%?]", line):
            if not is_continued:
                indent = line[: len(line) - len(line.lstrip())]
            yield f"{indent}None  # {line.strip()}"
            is_continued = line.endswith("\\")
        else:
            yield re.sub(r"^(\s*[\w, ]+=\s*)[!%].*", r"\1None", line)
