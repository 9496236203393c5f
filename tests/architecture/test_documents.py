"""The documents name files that exist."""

from __future__ import annotations

import re

import pytest
from support.source_files import PROJECT, expect_none

# `kernel/fit/training.py`, `tests/contract/`; not `kitctl/cli/<name>.py`, a pattern.
PATH = re.compile(r"`((?:kitctl|kernel|tests|datasets|benchmarks|docs)/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


DOCUMENTS = sorted(
    path.relative_to(PROJECT).as_posix()
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_path_in_a_document_exists(name: str) -> None:
    expect_none(
        [
            f"{name}:{number}: there is no {path}"
            for number, line in enumerate((PROJECT / name).read_text("utf-8").splitlines(), 1)
            for path in [
                *(PROJECT / path for path in PATH.findall(line)),
                *((PROJECT / name).parent / link for link in LINK.findall(line)),
            ]
            if not path.exists()
        ]
    )
