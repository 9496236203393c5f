"""Credentials that stand in a text by mistake, told by their well-known shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What it is → how it looks; only shapes that nothing else has: no job is refused for a hash.
_SHAPES = {
    "a Kaggle access token": re.compile(r"\bKGAT_[0-9A-Za-z]{20,}"),
    "a Kaggle API key": re.compile(
        r"""(?i)\b(kaggle_)?key\b["']?\s*[\])]?\s*[:=,]\s*["'][0-9a-f]{32}["']"""
    ),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}\b"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})"),
    "an AWS access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}


def find_credentials(text: str) -> Iterator[tuple[int, str]]:
    """Line number and kind of every credential; never the credential itself."""
    # The whole text first: hardly any holds one, and its lines are many.
    suspected = {kind: shape for kind, shape in _SHAPES.items() if shape.search(text)}
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, shape in suspected.items():
            if shape.search(line):
                yield number, kind
