"""The part of a packed script or notebook that prepares its run: what `launcher.py` reads."""

from __future__ import annotations

import ast
import binascii
import inspect
import zlib
from collections.abc import Iterator

from kitctl.domain.runs.session_id import SESSION_LINES, SESSION_NAMES
from kitctl.packing import installer, launcher, trial_launcher
from kitctl.packing.plan import CodeFiles, Launch

_VARIABLE = "PACKED"


def script_block(
    code: CodeFiles, launch: Launch, main: str | None, *, compress: bool = False
) -> str:
    """Return the lines that launch a script; without `main` the job's own lines follow them.

    `compress` is for files too large for a script: data files are then compressed, text or not.
    """
    return "\n".join(
        [
            *_job_lines(code, launch, main, compress=compress),
            "",
            *_trial_lines(launch),
            inspect.getsource(launcher),
            "",
            f"launch({_VARIABLE})",
        ]
    )


def notebook_block(code: CodeFiles, launch: Launch, *, compress: bool = False) -> str:
    """Return the source of the cell that launches a notebook, and leaves no name behind."""
    program = f"{inspect.getsource(launcher)}\n\nlaunch({_VARIABLE})\n"
    return "\n".join(
        [
            "# Added by kitctl: the modules, files, arguments and packages of this notebook.",
            SESSION_LINES,
            *_job_lines(code, launch, None, compress=compress),
            "",
            f"exec({literal(program)}, {{{_VARIABLE!r}: {_VARIABLE}}})",
            f"del {_VARIABLE}, {', '.join(SESSION_NAMES)}",
        ]
    )


def _job_lines(
    code: CodeFiles, launch: Launch, main: str | None, *, compress: bool
) -> Iterator[str]:
    yield f"{_VARIABLE} = {{"
    if main is not None:
        yield f'    "main": {main!r},'
        yield f'    "package": {code.package!r},'
    yield f'    "roots": {list(code.roots)!r},'
    yield f'    "arguments": {list(launch.arguments)!r},'
    yield f'    "environment": {dict(sorted(launch.environment.items()))!r},'
    yield f'    "requirements": {list(launch.requirements)!r},'
    yield f'    "may_lack_packages": {launch.may_lack_packages!r},'
    yield f'    "resume": {launch.resume.input if launch.resume else ""!r},'
    yield f'    "wheels": {launch.wheels!r},'
    yield f'    "data": {launch.data!r},'
    yield '    "code": {},'
    yield '    "files": {},'
    yield "}"
    if launch.requirements:
        yield f'\n{_VARIABLE}["installer"] = {literal(inspect.getsource(installer))}'
    for part, files, compressed in (
        ("code", code.files, False),
        ("files", launch.files, compress),
    ):
        for name, content in sorted(files.items()):
            yield f'\n{_VARIABLE}["{part}"][{name!r}] = {_content(content, compressed)}'


def _trial_lines(launch: Launch) -> Iterator[str]:
    if launch.trials:
        trials = [(list(each.arguments), dict(each.environment)) for each in launch.trials]
        yield inspect.getsource(trial_launcher)
        yield f"\ntake_trial({_VARIABLE}, {trials!r})\n\n"


def data_file(code: CodeFiles, launch: Launch) -> bytes:
    """Return modules and files as one file, which `launcher.py` reads from a data set."""
    parts = []
    for part, files in (("code", code.files), ("files", launch.files)):
        for name, content in sorted(files.items()):
            path = name.encode()
            parts += [f"{part} {len(path)} {len(content)}\n".encode(), path, content]
    return zlib.compress(b"".join(parts), 9)


def _content(content: bytes, compressed: bool) -> str:
    """Return a file's content as Python source: readable where it is text."""
    if not compressed:
        try:
            return literal(content.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    packed = binascii.b2a_base64(zlib.compress(content, 9), newline=False).decode("ascii")
    lines = "\n".join(packed[at : at + 100] for at in range(0, len(packed), 100))
    return f'b"""\n{lines}\n"""'


def literal(text: str) -> str:
    """Return the exact Python source of a string, readable where that is possible."""
    for quotes in ("'''", '"""'):
        candidate = f"r{quotes}{text}{quotes}"
        if _evaluates_to(candidate, text):
            return candidate
    # Escaped line by line: a text with both kinds of quotes, unusual line ends or a final "\".
    lines = text.splitlines(keepends=True) or [""]
    return "(\n" + "".join(f"    {line!r}\n" for line in lines) + ")"


def _evaluates_to(source: str, text: str) -> bool:
    try:
        return bool(ast.literal_eval(source) == text)
    except (SyntaxError, ValueError):
        return False
