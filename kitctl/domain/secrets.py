"""Credentials that are in a text by mistake, recognised by their well-known forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Kind → pattern; only forms that nothing else has, so that no job is refused for a hash.
_PATTERNS = {
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
    """Yield the line number and the kind of every credential, never the credential itself."""
    # The whole text first: hardly any has a credential, and it may have many lines.
    candidates = {kind: pattern for kind, pattern in _PATTERNS.items() if pattern.search(text)}
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, pattern in candidates.items():
            if pattern.search(line):
                yield number, kind
