"""Notebooks as Kaggle takes them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kitctl.packing.old_notebooks import from_format_3

KERNELS = {
    "python": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "r": {"display_name": "R", "language": "R", "name": "ir"},
}
LARGEST_WIDGETS = 100_000
"""Characters of the state of widgets that are sent along."""
CELL_TYPES = ("code", "markdown", "raw")

PARAMETERS, INJECTED = "parameters", "injected-parameters"
"""Papermill's tags for the cell with the defaults, and for the one that it adds."""
ADDED = "kitctl"
"""The tag of a cell that kitctl adds; sandbox/inside/run_notebook.py knows it too."""


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
    metadata = notebook["metadata"] = notebook.get("metadata") or {}
    if not _kernel_name(notebook):
        metadata["kernelspec"] = KERNELS.get(language, KERNELS["python"])
    # What widgets have shown is output too; Kaggle's own client sends it along.
    widgets = json.dumps(metadata.get("widgets"))
    if len(widgets) > LARGEST_WIDGETS:
        del metadata["widgets"]
    return json.dumps(notebook)


def foreign_kernel(text: str) -> str:
    """Return the name of the notebook's kernel where Kaggle's image has none of it, else ""."""
    name = _kernel_name(_parse(text))
    return "" if name in ("", *(kernel["name"] for kernel in KERNELS.values())) else name


def names_no_kernel(text: str) -> bool:
    """Return whether Kaggle would fail with "No kernel name found in notebook"."""
    return not _kernel_name(_parse(text))


def sources(text: str) -> list[str]:
    """Return the source of each cell of a notebook. Raises NotANotebook."""
    return [_source(cell, number) for number, cell in enumerate(_parse(text)["cells"], 1)]


def code_cells(text: str) -> list[str]:
    """Return the source of each code cell of a notebook. Raises NotANotebook."""
    cells = zip(_parse(text)["cells"], sources(text), strict=True)
    return [source for cell, source in cells if cell["cell_type"] == "code"]


def code_text(notebook: bytes) -> str:
    """Return all code of a notebook; "" where it is none."""
    try:
        return "\n".join(code_cells(notebook.decode("utf-8")))
    except (NotANotebook, UnicodeDecodeError):
        return ""


def with_parameters(text: str, values: Mapping[str, Any]) -> str:
    """Return the notebook with a cell that sets values, as papermill adds it.

    It takes the place of the one that papermill has added, else stands after the first cell with
    the tag "parameters", else before all.
    """
    notebook = _parse(text)
    cells = notebook["cells"]
    lines = ["# Parameters", *(f"{name} = {_python(value)}" for name, value in values.items())]
    cell = _code_cell(notebook, "\n".join(lines), INJECTED, ADDED)
    added = _place(cells, INJECTED)
    defaults = _place(cells, PARAMETERS)
    if added is not None:
        cells[added] = cell
    else:
        cells.insert(0 if defaults is None else defaults + 1, cell)
    return json.dumps(notebook)


def _place(cells: Sequence[Mapping[str, Any]], tag: str) -> int | None:
    return next((place for place, cell in enumerate(cells) if tag in _tags(cell)), None)


def parameters(text: str) -> list[str] | None:
    """Return the names that the cell tagged "parameters" assigns; None where there is none."""
    cells = _parse(text)["cells"]
    place = _place(cells, PARAMETERS)
    if place is None:
        return None
    return re.findall(r"^(\w+)\s*(?::[^=]+)?=(?!=)", cells[place]["source"], re.MULTILINE)


def with_first_cell(text: str, source: str) -> str:
    """Return the notebook with a code cell of kitctl's before all others."""
    notebook = _parse(text)
    notebook["cells"].insert(0, _code_cell(notebook, source, ADDED))
    return json.dumps(notebook)


def _code_cell(notebook: Mapping[str, Any], source: str, *tags: str) -> dict[str, Any]:
    has_ids = (notebook.get("nbformat"), notebook.get("nbformat_minor", 0)) >= (4, 5)
    return {
        "cell_type": "code",
        **({"id": tags[0]} if has_ids else {}),
        "execution_count": None,
        "metadata": {"tags": list(tags)},
        "outputs": [],
        "source": source,
    }


def _python(value: object) -> str:
    """Return a value as Python source."""
    is_number = not isinstance(value, float) or math.isfinite(value)
    return repr(value) if is_number else f"float({str(value)!r})"


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    tags = (cell.get("metadata") or {}).get("tags")
    return tags if isinstance(tags, list) else ()


def plain_python(cell: str) -> str:
    """Return a code cell as Python; what is for IPython only stands as comments or `None`."""
    if cell.lstrip().startswith("%%"):
        return "\n".join(f"# {line}" for line in cell.splitlines())
    return "\n".join(_plain_lines(cell))


def named_words(cells: Sequence[str]) -> Iterator[str]:
    """Yield the words of lines for the shell and of `%run`, which may name files.

    Files that a cell has written before are left out.
    """
    written = set()
    for cell in cells:
        first, *lines = cell.lstrip().splitlines() or [""]
        if match := re.match(r"%%(?:writefile|file)\s+(?:-a\s+)?(\S+)", first):
            written.add(match[1])
            continue
        in_shell = re.match(r"%%(?:bash|sh)\b", first) is not None
        for line in [first, *lines]:
            if in_shell or re.match(r"\s*(?:!|%run\b|%sx\b)", line):
                yield from (word for word in re.findall(r"[\w./-]+", line) if word not in written)


def is_of_format_3(text: str) -> bool:
    """Return whether a notebook is one of format 3, which is brought to format 4."""
    notebook = json.loads(text)
    return isinstance(notebook, dict) and "cells" not in notebook and "worksheets" in notebook


def _parse(text: str) -> dict[str, Any]:
    try:
        notebook: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotANotebook(f"is not valid JSON (line {error.lineno}: {error.msg})") from None
    except RecursionError:
        raise NotANotebook("is not valid JSON (nested too deep)") from None
    except ValueError:
        raise NotANotebook("holds a number with thousands of digits") from None
    if isinstance(notebook, dict) and "cells" not in notebook:
        notebook = from_format_3(notebook) or notebook
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
