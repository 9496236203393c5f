"""Names of a job's inputs as people write them, brought to the form that Kaggle takes."""

from __future__ import annotations

import re
from typing import NamedTuple

from kitctl.errors import Problem


class SourceForm(NamedTuple):
    """How Kaggle names one kind of input.

    `prefixes` are the folders of its pages at kaggle.com, `parts` how many parts a name may have.
    """

    text: str
    parts: tuple[int, ...]
    prefixes: tuple[str, ...]

    @property
    def versioned_parts(self) -> int:
        """How many parts a name with a version has; 0 where it has none."""
        return self.parts[-1] if len(self.parts) > 1 or self.parts[0] > 2 else 0


DATASET = SourceForm("owner/slug or owner/slug/version", (2, 3), ("datasets", "d"))
KERNEL = SourceForm("owner/slug or owner/slug/version", (2, 3), ("code", "notebooks", "kernels"))
COMPETITION = SourceForm("the competition's slug", (1,), ("competitions", "c"))
MODEL = SourceForm(
    "owner/model/framework/variation, for its newest version, or with /version",
    (4, 5),
    ("models", "m"),
)

_HOST = re.compile(r"(https?://)?(www\.)?kaggle\.com/", re.IGNORECASE)
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Words of a page's address that are no part of the name.
_WORDS = frozenset({"versions", "frameworks", "variations", "data", "overview", "code"})


class UncheckedSource(Problem):
    """A source that Kaggle does not say about whether it can be mounted."""


def clean(text: str, form: SourceForm) -> str:
    """Return the name in a text, which may be a page's address or begin with the pages' folder."""
    page = _HOST.sub("", text.strip(), count=1)
    parts = [part for part in re.split("[?#]", page)[0].split("/") if part]
    least = form.parts[0]
    if len(parts) > least and parts[0] in form.prefixes:
        parts = parts[1:]
    first = min(least, 2)
    return "/".join([*parts[:first], *(part for part in parts[first:] if part not in _WORDS)])


def mistake(name: str, form: SourceForm) -> str:
    """Return what is wrong with a name that was cleaned, "" if nothing is."""
    parts = name.split("/")
    if len(parts) not in form.parts or not all(_PART.fullmatch(part) for part in parts):
        return f"The form is {form.text}."
    if len(parts) == form.versioned_parts and not parts[-1].isdecimal():
        return "A version is a whole number."
    return ""
