"""One name, one meaning; and plain words, which CONTRIBUTING.md lists."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest
from support.source_files import PROJECT, expect_none, parse, place, python_files

# The words that CONTRIBUTING.md replaces: | `word` | write |
ROW = re.compile(r"^\| ((?:`\w+`,? ?)+) \| (.+) \|$", re.MULTILINE)
SECTION = "## Words"
# A word that is also a contract, written in quotes there → which.
CONTRACTS = {"strangers": "JSON key of pull-results"}
# A class name that stands in several places → why it means the same there.
SHARED_CLASS_NAMES = {
    **dict.fromkeys(
        ("Database", "KernelVersion", "OutputFile", "SavedVersion", "SaveRequest"),
        "both sides of the wire: local/ shares no code with ports and adapters",
    ),
    "Problem": "both programs report mistakes, and neither imports the other",
    **dict.fromkeys(
        ("SkippedPhoto", "SweepHead"), "the job writes it, and kitctl reads it back from a file"
    ),
}


def replaced_words() -> dict[str, str]:
    section = (PROJECT / "CONTRIBUTING.md").read_text("utf-8").partition(SECTION)[2]
    rows = ROW.findall(section.partition("\n## ")[0])
    return {word: write for words, write in rows for word in re.findall(r"\w+", words)}


@pytest.mark.parametrize("folder", ["kitctl", "kernel", "tests"])
def test_words_of_a_private_language_are_not_used(folder: str) -> None:
    words = replaced_words()
    assert len(words) >= 9, f"CONTRIBUTING.md: the table below {SECTION!r} is not read"
    keys = "|".join(CONTRACTS)
    pattern = re.compile(rf"(?!(?<=\")(?:{keys})\")\b({'|'.join(words)})\b")
    expect_none(
        [
            f"{place(path, number)}: {word!r}: write {words[word]}"
            for path in python_files(folder)
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
            for word in pattern.findall(line)
        ]
    )


def test_a_public_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in python_files("kitctl", "kernel"):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(place(path, node.lineno))
    expect_none(
        [
            f"{' and '.join(where)}: {name} stands twice; rename one, or say in "
            "SHARED_CLASS_NAMES why both mean the same"
            for name, where in places.items()
            if len(where) > 1 and name not in SHARED_CLASS_NAMES
        ]
    )
    once = [name for name in SHARED_CLASS_NAMES if len(places[name]) < 2]
    expect_none([f"{name} stands once: take it out of SHARED_CLASS_NAMES" for name in once])
