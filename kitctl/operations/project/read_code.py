"""The one file of a job that is sent as it is: a notebook without its outputs, or a script."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from kitctl.domain.job import secrets
from kitctl.domain.job.metadata import Metadata
from kitctl.domain.job.python_code import check_python, parse_python
from kitctl.errors import Problem
from kitctl.packing import notebooks

KAGGLES_PYTHON = (3, 12)
"""The Python of Kaggle's image."""
_SYNTAX_OF_3_12 = re.compile(r"\s*(type\s+\w+|((async\s+)?def|class)\s+\w+\[)")


@dataclass(frozen=True)
class Code:
    """A file of code as it is sent, and what is wrong or doubtful about it."""

    data: bytes
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def read_code(metadata: Metadata, data: bytes) -> Code:
    """Return the code to send, from the bytes of the file."""
    if metadata.kernel_type == "notebook":
        return _read_notebook(metadata, data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Code(data, (_no_utf_8(metadata.code_file),))
    # With the line ends that Kaggle's own client sends.
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    problems = credentials(metadata.code_file, text)
    warnings: tuple[str, ...] = ()
    if metadata.language == "python":
        try:
            check_python(data, metadata.code_file)
        except SyntaxError as error:
            what = f"is not valid Python: {error}."
            if _is_newer_python(error):
                python = f"{sys.version_info.major}.{sys.version_info.minor}"
                warnings = (
                    f"{metadata.code_file} was not checked: it may be for the newer Python of"
                    f" Kaggle's image. For Python {python}, which runs kitctl, it {what}",
                )
            else:
                problems.append(Problem(metadata.code_file, what, _fix(error)))
        else:
            if not parse_python(data).body:
                what = "holds no code: a run of it would do nothing."
                problems.append(Problem(metadata.code_file, what, "Write the job into it."))
    return Code(data, tuple(problems), warnings)


def _is_newer_python(error: Exception) -> bool:
    """Return whether a Python older than Kaggle's may only not know the syntax: that of 3.12."""
    if sys.version_info >= KAGGLES_PYTHON or not isinstance(error, SyntaxError):
        return False
    in_f_string = "f-string" in error.msg or "string literal" in error.msg
    return in_f_string or bool(_SYNTAX_OF_3_12.match(error.text or ""))


def _fix(error: Exception) -> str:
    line = (error.text or "").strip() if isinstance(error, SyntaxError) else ""
    if line.startswith(("!", "%")):
        return "Only notebooks have lines that begin with ! or %: take it out, or make it one."
    return "Fix it."


def _no_utf_8(file: str) -> Problem:
    return Problem(file, "is not UTF-8 text.", "Save it as UTF-8.")


def credentials(file: str, text: str) -> list[Problem]:
    """Return a problem for each credential in a text."""
    return [
        Problem(
            f"{file}, line {line}",
            f"holds {kind}.",
            "Take it out and renew it; a run reads secrets with kaggle_secrets.UserSecretsClient.",
        )
        for line, kind in secrets.find_credentials(text)
    ]


def _read_notebook(metadata: Metadata, data: bytes) -> Code:
    file = metadata.code_file
    try:
        text = data.decode("utf-8-sig")
        sent = notebooks.without_outputs(text, metadata.language)
    except UnicodeDecodeError:
        return Code(data, (_no_utf_8(file),))
    except notebooks.NotANotebook as error:
        fix = "Open it in Jupyter, repair it and save it again."
        return Code(data, (Problem(file, f"{error}.", fix),))
    problems = [
        problem
        for number, source in enumerate(notebooks.sources(sent), 1)
        for problem in credentials(f"{file}, cell {number}", source)
    ]
    warnings: tuple[str, ...] = ()
    if notebooks.is_of_format_3(text):
        warnings = (f"{file} is a notebook of the old format 3: it is sent in format 4.",)
    if kernel := notebooks.foreign_kernel(text):
        warnings = (
            *warnings,
            f"{file} names the kernel {kernel!r}, which Kaggle's image lacks: choose another one in"
            " Jupyter, such as python3, and save it.",
        )
    if notebooks.names_no_kernel(text):
        warnings = (
            *warnings,
            f'{file} names no kernel, and Kaggle fails then with "No kernel name found in '
            'notebook": one is added to what is sent.',
        )
    return Code(sent.encode(), tuple(problems), warnings)
