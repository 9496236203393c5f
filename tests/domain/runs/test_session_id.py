"""The id of a run's session: where a log names it, and when that cannot be another run's."""

from __future__ import annotations

import json

import pytest

from kitctl.domain.runs.session_id import (
    PRINT_CONTAINER,
    SESSION_LINES,
    SessionIdReader,
    prints_its_session,
)

PRINT = f"import os\n{PRINT_CONTAINER}\n"
NOTE = {"cell_type": "markdown", "source": "# Title"}


def session_id(*lines: tuple[str, str]) -> int | None:
    reader = SessionIdReader()
    for stream, text in lines:
        reader.read(stream, f"{text}\n")
    return reader.session_id


def notebook(*cells: str | list[str]) -> str:
    code = [{"cell_type": "code", "source": source} for source in cells]
    return json.dumps({"cells": [NOTE, *code], "nbformat": 4})


@pytest.mark.parametrize("line", ["session 4711", "kaggle_Yw2-9_k-4711-webtier"])
def test_the_first_line_on_stdout_names_the_session(line: str) -> None:
    assert session_id(("stderr", "a warning"), ("stdout", ""), ("stdout", line)) == 4711


@pytest.mark.parametrize(
    "lines",
    [
        ["training", "session 2"],
        ["session 2 of 3"],
        ["session 0"],
        ["session unknown", "session 2"],
        ["session 12345678901234567890123"],
        ["session 9999999999999999999"],
        ["session ٣"],
        [" session 2"],
        ["session 7-webtier"],
        ["7-webtier"],
        ["my kaggle_a-7-webtier"],
        ["kaggle_a-7-webtier 2"],
    ],
)
def test_no_other_line_names_the_session(lines: list[str]) -> None:
    assert session_id(*(("stdout", line) for line in lines)) is None


@pytest.mark.parametrize(
    "source",
    [
        PRINT,
        PRINT.replace("\n", "\r\n"),
        f"\ufeff# Kaggle's own line\n\n{PRINT}",
        f'"""What it does."""\nfrom __future__ import annotations\nimport keras\n{PRINT}x = 1',
        "import os.path\nEPOCHS = 5\nprint(os.getenv('KAGGLE_CONTAINER_NAME'))\ndef f(:",
        "import os; print(os.environ.get('KAGGLE_CONTAINER_NAME', '')); print('session 2')",
        notebook(PRINT.splitlines(keepends=True), "%matplotlib inline"),
        notebook("import os", PRINT_CONTAINER),
        f"# A job\n# script_sha256 abc\n\n{SESSION_LINES}\nprint(1)\n",
        f"# A job\r\n\r\n{SESSION_LINES}".replace("\n", "\r\n"),
        notebook(f"# Added\n{SESSION_LINES}"),
    ],
)
def test_a_source_that_begins_so_prints_its_own_session(source: str) -> None:
    assert prints_its_session(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "print('session 2')",
        "print('kaggle_a-2-webtier')",
        f"print('session 2')\n{PRINT}",
        f"print(open('/kaggle/input/notebooks/a/b/log.txt').read())\n{PRINT}",
        f"import os\nif True:\n    {PRINT_CONTAINER}",
        f"def main():\n    import os\n    {PRINT_CONTAINER}\nprint('session 2')\nmain()",
        f'"""\n{PRINT}"""\nprint("session 2")',
        f'text = ("""\n{PRINT}""")\nprint("session 2")',
        f"from rich import print\n{PRINT}",
        f"from rich import *\n{PRINT}",
        f"import fake as os\n{PRINT_CONTAINER}",
        f"{PRINT.splitlines()[0]}\nos = 1\n{PRINT_CONTAINER}",
        f"import os\nos.environ['KAGGLE_CONTAINER_NAME'] = 'kaggle_a-2-webtier'\n{PRINT}",
        "import os\nprint('kaggle_a-2-webtier', os.environ['KAGGLE_CONTAINER_NAME'])",
        "import os, sys\nprint(os.environ['KAGGLE_CONTAINER_NAME'], file=sys.stderr)",
        "import os\nprint(os.environ['KAGGLE_CONTAINER_NAMES'])",
        f"print('session 2')\n{SESSION_LINES}",
        notebook("print('session 2')", PRINT),
        notebook("!cat /kaggle/input/log.txt", PRINT),
        '{"cells": 3}',
        "[" * 100_000,
        "\0KAGGLE_CONTAINER_NAME",
    ],
)
def test_any_other_source_may_print_another_runs_session(source: str) -> None:
    assert not prints_its_session(source)
