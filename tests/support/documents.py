"""The commands in the project's documents: blocks of code, and names in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.source_files import PROJECT

DOCUMENTS = sorted([*PROJECT.glob("README*.md"), *(PROJECT / "docs").glob("*.md")])

NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
FENCE = re.compile(r"```(\w*)")
EXIT_CODE = re.compile(r"# exit code (\d+)")
INLINE = re.compile(r"`(kitctl [^`]+)`")
STARTS = ("kitctl ", "kaggle ")


@dataclass(frozen=True)
class ShellLine:
    """One command line of a document and the exit code that stands beside it."""

    place: str
    text: str
    exit_code: int


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its lines with their numbers, and why it is not run."""

    language: str
    lines: tuple[tuple[int, str], ...]
    not_run: str


def name_of(document: Path) -> str:
    return document.relative_to(PROJECT).as_posix()


def blocks(document: Path) -> Iterator[Block]:
    """Yield the blocks of code: fenced ones, and indented ones, which have no language."""
    lines = list(enumerate(document.read_text("utf-8").splitlines(), 1))
    mark, language, inside = "", "", []
    is_fenced = False
    for number, line in lines:
        if fence := FENCE.match(line):
            if is_fenced:
                yield Block(language, tuple(inside), mark)
                mark = ""
            is_fenced, language, inside = not is_fenced, fence[1], []
        elif is_fenced:
            inside.append((number, line))
        elif found := NOT_RUN.match(line):
            mark = found[1]
        elif line.startswith("    "):
            yield Block("", ((number, line.strip()),), mark)
        elif line:
            mark = ""


def commands(document: Path) -> Iterator[ShellLine]:
    """Yield the commands that are run, continued lines as one."""
    for block in blocks(document):
        if block.language != "bash" or block.not_run:
            continue
        text = ""
        for number, line in block.lines:
            text += line
            if text.endswith("\\"):
                text = text[:-1]
                continue
            if text.strip():
                code = EXIT_CODE.search(text)
                place = f"{name_of(document)}:{number}"
                yield ShellLine(place, text, int(code[1]) if code else 0)
            text = ""


def unmarked_commands(document: Path) -> Iterator[str]:
    """Yield the commands in blocks that are neither run nor say why they are not."""
    for block in blocks(document):
        if block.language != "bash" and not block.not_run:
            for number, line in block.lines:
                if line.startswith(STARTS):
                    yield f"{name_of(document)}:{number}: {line}"


def mentioned(document: Path) -> Iterator[tuple[str, str]]:
    """Yield place and text of the commands of kitctl that are not run: in the text, or marked."""
    for number, line in enumerate(document.read_text("utf-8").splitlines(), 1):
        for text in INLINE.findall(line):
            yield f"{name_of(document)}:{number}", text
    for block in blocks(document):
        for number, line in block.lines if block.not_run else ():
            if line.startswith("kitctl "):
                yield f"{name_of(document)}:{number}", line
