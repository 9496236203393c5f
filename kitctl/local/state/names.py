"""Names: titles, slugs, references and version labels."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from kitctl.local.state.errors import bad_request, not_found

SHORTEST_TITLE = 5


def slugify(title: str) -> str:
    """Return a title as an address writes it: lower-case ASCII words joined by hyphens."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii")
    # An apostrophe separates words too: "Watson's X" is watson-s-x.
    return "-".join(re.findall(r"[a-z0-9]+", ascii_title.lower()))


def split_reference(reference: str, *, default_owner: str) -> tuple[str, str]:
    """Return owner and slug of `owner/slug`; a bare slug gets the default owner.

    Raises:
        ApiError: the reference has another form.
    """
    owner, _, slug = reference.rpartition("/")
    if not slug or "/" in owner:
        raise bad_request(f'"{reference}" is not of the form username/slug.')
    return (owner or default_owner).lower(), slug.lower()


COMPETITIONS = "competitions"
MODELS = "models"
STAND_IN_KINDS = (COMPETITIONS, MODELS, "notebooks")
"""What a folder of this machine may stand for besides a data set; no account has such a name."""


def split_stand_in(reference: str, *, default_owner: str) -> tuple[str, str]:
    """Return kind and name of `competitions/slug`, `models/…` or `notebooks/owner/slug`.

    Anything else is a data set: owner and slug.
    """
    kind, _, name = reference.lower().partition("/")
    if kind in STAND_IN_KINDS and name:
        return kind, name
    return split_reference(reference, default_owner=default_owner)


class SourceRef(NamedTuple):
    """A reference to a data source; without a version it means the newest one."""

    owner: str
    slug: str
    version: int | None


def split_source(reference: str) -> SourceRef:
    """Parse `owner/slug` or `owner/slug/version`; a malformed reference matches nothing."""
    owner, slug, version = [*reference.lower().split("/"), "", ""][:3]
    return SourceRef(owner, slug, int(version) if version.isdecimal() else None)


def version_number(label: str) -> int:
    """Return the number of a label `v<N>`.

    Raises:
        ApiError: the label has another form; Kaggle does not take a bare number either.
    """
    match = re.fullmatch(r"v([1-9][0-9]*)", label)
    if match is None:
        raise not_found(f'There is no version "{label}".')
    return int(match[1])
