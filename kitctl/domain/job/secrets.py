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
    "an OpenAI or Anthropic key": re.compile(r"\bsk-(proj|svcacct|admin|ant)-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[0-9]+-[0-9A-Za-z-]{10,}"),
    "a GitLab token": re.compile(r"\bglpat-[0-9A-Za-z_-]{20,}"),
    "an AWS access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}


# Parts of a variable's name that say what its value is.
_SECRET_NAME = re.compile(
    r"(^|[_-])(token|secrets?|password|passwd|passphrase|pwd|credentials?|auth|"
    r"(api|access|private|secret|encryption|account|license)[_-]?key|apikey|"
    r"(wandb|openai|kaggle|hf|aws|azure|anthropic|comet|neptune|google|github|gh)[_-]key)([_-]|$)",
    re.IGNORECASE,
)
# Names with "token" that are settings of a tokenizer.
_TOKENIZER_NAME = re.compile(
    r"(^|[_-])((pad|eos|bos|unk|mask|sep|cls|num|max|min|per|next|special)[_-]token|"
    r"token[_-](id|type|level|limit|count|dim|size|length|type[_-]ids))([_-]|$)",
    re.IGNORECASE,
)
_KEY_NAME = re.compile(r"(^|[_-])key$", re.IGNORECASE)
_SECRET_VALUES = {
    "it begins as a key of a known service": re.compile(
        r"^(sk-[A-Za-z0-9_-]{16,}|xox[abprs]-\S{10,}|AIza[0-9A-Za-z_-]{30,}|glpat-\S{16,}|"
        r"hf_\S{16,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+$|npm_\S{30,}|r8_\S{30,})"
    ),
    "it is an address with a password": re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"),
    # As the keys of Weights & Biases, Kaggle and others.
    "it is a long random number": re.compile(r"^(?=.*[a-f])(?=.*\d)([0-9a-f]{32}|[0-9a-f]{40})$"),
}


def looks_secret(name: str, value: str) -> str:
    """Return why a variable or an option seems to be a secret, "" where it does not.

    The value is not part of the reason.
    """
    if _SECRET_NAME.search(name) and not _TOKENIZER_NAME.search(name) and value:
        return "its name says so"
    if _KEY_NAME.search(name) and re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])\S{16,}", value):
        return "its name says so"
    for _, kind in find_credentials(value):
        return f"it holds {kind}"
    return next((why for why, pattern in _SECRET_VALUES.items() if pattern.search(value)), "")


def find_credentials(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the kind of every credential, never the credential itself."""
    # The whole text first: hardly any has a credential, and it may have many lines.
    candidates = {kind: pattern for kind, pattern in _PATTERNS.items() if pattern.search(text)}
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, pattern in candidates.items():
            if pattern.search(line):
                yield number, kind
