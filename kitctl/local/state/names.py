"""Titles, slugs, references and version labels."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from kitctl.local.state.refusals import bad_request, not_found

SHORTEST_TITLE = 5


def slugify(title: str) -> str:
    """A title as it stands in an address: lower-case ASCII words joined by dashes."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii")
    # An apostrophe joins ("don't" is "dont"); anything else that is no letter or digit parts.
    words = re.findall(r"[a-z0-9]+", ascii_title.lower().replace("'", ""))
    return "-".join(words)


def split_reference(reference: str, *, default_owner: str) -> tuple[str, str]:
    """Owner and slug of `owner/slug`; a bare slug is the caller's own."""
    owner, _, slug = reference.rpartition("/")
    if not slug or "/" in owner:
        raise bad_request(f'"{reference}" is not of the form username/slug.')
    return (owner or default_owner).lower(), slug.lower()


class SourceRef(NamedTuple):
    """A data source as a push names it; without a version, the newest."""

    owner: str
    slug: str
    version: int | None


def split_source(reference: str) -> SourceRef:
    """Take `owner/slug` or `owner/slug/version` apart; a malformed one names nothing."""
    owner, slug, version = [*reference.lower().split("/"), "", ""][:3]
    return SourceRef(owner, slug, int(version) if version.isdecimal() else None)


def version_number(label: str) -> int:
    """The number in `v<N>`; a bare number is no label at Kaggle."""
    found = re.fullmatch(r"v([1-9][0-9]*)", label)
    if found is None:
        raise not_found(f'There is no version "{label}".')
    return int(found[1])
