"""The line of a failed run's log that says why it failed."""

from __future__ import annotations

import pytest

from kitctl.domain.results.error_line import LAST_LINES, LONGEST_LINE, ErrorLineReader

TRACEBACK = """\
Traceback (most recent call last):
  File "script.py", line 3, in <module>
    load()
"""
CHAINED = f"""{TRACEBACK}KeyError: 'photos'

During handling of the above exception, another exception occurred:

{TRACEBACK}job.data.NotEnoughPhotos: needs 3"""
IPYTHON = """\
\x1b[0;31mModuleNotFoundError\x1b[0m        Traceback (most recent call last)
Cell \x1b[0;32mIn[1], line 1\x1b[0m
----> 1 import helper

\x1b[0;31mModuleNotFoundError\x1b[0m: No module named 'helper'
[NbConvertApp] Converting notebook"""


def error_line(log: str, stream: str = "stderr") -> str:
    reader = ErrorLineReader()
    for text in log.split("\n"):
        reader.read(stream, text)
    return reader.line


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (f"{TRACEBACK}ValueError: no photos\n", "ValueError: no photos"),
        (f"{TRACEBACK}torch.OutOfMemoryError: CUDA\nmore of it", "torch.OutOfMemoryError: CUDA"),
        (CHAINED, "job.data.NotEnoughPhotos: needs 3"),
        (IPYTHON, "ModuleNotFoundError: No module named 'helper'"),
        ("  File 'x.py', line 1\n    def f(:\n          ^\nSyntaxError: bad", "SyntaxError: bad"),
        ("error: epochs is 0: at least 1.\n", "epochs is 0: at least 1."),
        ("usage: t.py\nt.py: error: --lr is required", "t.py: error: --lr is required"),
        ("step 1\rstep 2\nKilled\n\n", "Killed"),
        ("local Kaggle: T4 was asked for; this session runs on the CPU", ""),
        ("", ""),
        ("x" * 9999, "x" * LONGEST_LINE),
    ],
)
def test_the_last_error_of_the_log_is_the_cause(log: str, line: str) -> None:
    assert error_line(log) == line


def test_an_error_long_before_the_end_is_not_the_cause() -> None:
    assert error_line("ValueError: caught\n" + "epoch\n" * LAST_LINES + "Killed") == "Killed"


def test_what_a_run_prints_on_stdout_is_the_cause_only_where_it_names_an_error() -> None:
    assert error_line("accuracy 0.5\ndone", "stdout") == ""
    assert error_line("ValueError: no photos", "stdout") == "ValueError: no photos"
