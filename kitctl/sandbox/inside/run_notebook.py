"""Run a notebook from top to bottom as Kaggle does: `python run_notebook.py NOTEBOOK`.

A program of its own inside the run, with nbclient and an IPython kernel. What the cells print goes
to stdout and stderr at once. `__notebook__.ipynb` (the notebook with its outputs) and
`__results__.html` are left in the working directory. An error names its cell and line, on the last
line and after "error: ".
"""

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

EXECUTED = Path("__notebook__.ipynb")
PAGE = Path("__results__.html")
ADDED = "kitctl"
"""The tag of a cell that kitctl has added."""
SAVE_SECONDS = 5.0
STARTUP_SECONDS = 120
_SECRETS = Path(__file__).with_name("secrets.json")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Client(NotebookClient):
    """Runs the cells, prints their outputs as they come, and saves the notebook meanwhile."""

    def __init__(self, notebook: nbformat.NotebookNode, **options: Any) -> None:
        super().__init__(notebook, **options)
        self._saved_at = 0.0
        self.cell_number = 0
        """The number of the cell that runs, among the code cells of the user's."""

    def process_message(
        self, msg: dict[str, Any], cell: nbformat.NotebookNode, cell_index: int
    ) -> nbformat.NotebookNode | None:
        output: nbformat.NotebookNode | None = super().process_message(msg, cell, cell_index)
        if msg["msg_type"] in ("stream", "display_data", "execute_result"):
            show(msg["msg_type"], msg["content"])
        return output

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kw: Any) -> Any:
        is_added = ADDED in cell.metadata.get("tags", ())
        self.cell_number += cell.cell_type == "code" and not is_added
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kw)
        finally:
            if time.monotonic() - self._saved_at > SAVE_SECONDS:
                save(self.nb)
                self._saved_at = time.monotonic()


def show(kind: str, content: Mapping[str, Any]) -> None:
    """Print a cell's output as text."""
    stream = sys.stderr if content.get("name") == "stderr" else sys.stdout
    if kind == "stream":
        stream.write(content["text"])
    elif text := content["data"].get("text/plain"):
        stream.write(f"{text}\n")
    stream.flush()


def save(notebook: nbformat.NotebookNode) -> None:
    """Write the notebook with its outputs, without the values of secrets."""
    part = EXECUTED.with_suffix(".part")
    part.write_text(without_secrets(nbformat.writes(notebook)), "utf-8")
    part.replace(EXECUTED)


def without_secrets(text: str) -> str:
    """Replace the values of secrets, also as JSON writes them."""
    values = json.loads(_SECRETS.read_text("utf-8")).values() if _SECRETS.exists() else ()
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= 4:
            text = text.replace(value, "***").replace(json.dumps(value)[1:-1], "***")
    return text


def write_page() -> None:
    """Write the executed notebook as an HTML page."""
    import nbconvert

    # The environment that holds nbconvert has its templates; this one is a layer on it.
    data = [str(path / "share/jupyter") for path in Path(nbconvert.__file__).parents[3:5]]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(data)
    page, _ = nbconvert.HTMLExporter().from_filename(str(EXECUTED))
    PAGE.write_text(page, "utf-8")


def failure(error: CellExecutionError, number: int) -> str:
    """Return an error of a cell in one line, with the cell's number and the line in it."""
    traceback = _COLOURS.sub("", error.traceback)
    lines = re.findall(r"^\s*(?:File )?Cell In\s?\[\d+\], line (\d+)", traceback, re.MULTILINE)
    place = f"cell {number}, line {lines[0]}" if lines else f"cell {number}"
    return f"{place}: {error.ename}: {error.evalue}".splitlines()[0]


def run(notebook: nbformat.NotebookNode) -> str:
    """Run the cells; return the first error in one line, or ""."""
    with tempfile.TemporaryDirectory() as sockets:
        kernel = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc" if os.name == "posix" else "tcp",
            connection_file=str(Path(sockets, "kernel.json")),
        )
        options = {"startup_timeout": STARTUP_SECONDS, "store_widget_state": False}
        return execute(Client(notebook, km=kernel, timeout=None, **options))


def execute(client: Client) -> str:
    """Run a client's cells; return the first error in one line, or ""."""
    try:
        client.execute()
    except CellExecutionError as error:
        # `sys.exit()` in a cell ends a notebook well, as it ends a script.
        if error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
            return ""
        print(_COLOURS.sub("", error.traceback), file=sys.stderr)
        return failure(error, client.cell_number)
    except (DeadKernelError, CellTimeoutError):
        return f"cell {client.cell_number}: the kernel ended in it (killed, or out of memory)."
    finally:
        save(client.nb)
    return ""


def main() -> int:
    """Run the notebook of the command line; return the exit code."""
    os.environ.pop("MPLBACKEND", None)  # The kernel shows plots in the notebook.
    notebook = nbformat.read(sys.argv[1], as_version=4)
    for cell in notebook.cells:
        cell.setdefault("metadata", nbformat.NotebookNode())
    problem = run(notebook)
    try:
        write_page()
    except Exception as error:  # The run itself has its outcome already.
        print(f"{PAGE} could not be written: {error!r}", file=sys.stderr)
    if problem:
        print(f"error: {without_secrets(problem)}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
