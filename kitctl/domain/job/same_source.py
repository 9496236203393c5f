"""Whether a version's source at Kaggle is the one that a push has sent.

Kaggle may change line ends and the layout of a notebook's JSON, and may add a line, so neither
counts. A packed script carries its identity in its header.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from kitctl.domain.runs.run import Intent

_PACKED = re.compile(r"# script_sha256 ([0-9a-f]{64})\s*")
# A packed script's identity stands in one of its first lines.
_HEADER_LINES = 20
# How many lines Kaggle may add before and after a source.
_ADDED_LINES = 3


def source_sha256(text: str) -> str:
    """Return a hash of what Kaggle preserves of a source."""
    try:
        notebook = json.loads(text)
        return _sha256(json.dumps([_cell(cell) for cell in notebook["cells"]]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return _sha256("\n".join(_lines(text)))


def is_source_of(intent: Intent, source: str) -> bool:
    """Return whether a version's source is what the intent has sent."""
    lines = _lines(source)
    if packed := _packed_sha256(lines):
        return packed == intent.script_sha256
    return any(
        sha256 == intent.source_sha256
        for sha256 in (source_sha256(source), *_without_added_lines(lines))
    )


def _packed_sha256(lines: Sequence[str]) -> str:
    """Return the identity in a packed script's header; "" where there is none."""
    matches = (_PACKED.fullmatch(line) for line in lines[:_HEADER_LINES])
    return next((match[1] for match in matches if match), "")


def _without_added_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield the hashes of a source without some of its first and last lines."""
    for first in range(_ADDED_LINES + 1):
        for last in range(_ADDED_LINES + 1):
            if first or last:
                yield _sha256("\n".join(lines[first : len(lines) - last]))


def _lines(text: str) -> list[str]:
    lines = (line.rstrip() for line in text.removeprefix("\ufeff").splitlines())
    return [line for line in lines if line]


def _cell(cell: Mapping[str, str | list[str]]) -> tuple[object, str]:
    return cell["cell_type"], "".join(cell["source"])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
