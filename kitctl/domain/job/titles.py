"""A job's title and the slug that Kaggle makes of it, from the name of a file or a folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from slugify import slugify

from kitctl.domain.job.metadata import SHORTEST_TITLE

LONGEST_TITLE = 50
LAST_RESORT = "Kaggle job"


def title_from(names: Sequence[str], taken: Collection[str] = ()) -> str:
    """Return a title that Kaggle accepts: the first name, preceded by the others if it is short.

    It is also where its slug is among those that are `taken` by other jobs. Of
    `("run", "my_cats")` it is "My cats run". The slug is what `slug_of` makes of the title. It is
    in Latin letters: of others Kaggle may make another address, or none.
    """
    text = ""
    for name in (*names, LAST_RESORT):
        text = f"{_words(name)} {text}".strip()
        latin = text if text.isascii() else slugify(text, separator=" ")
        title = _shortened(latin[:1].upper() + latin[1:])
        slug = slug_of(title)
        if len(title) >= SHORTEST_TITLE and len(slug) >= SHORTEST_TITLE and slug not in taken:
            return title
    return LAST_RESORT


def slug_of(title: str) -> str:
    """Return the slug that Kaggle makes of a title."""
    return slugify(title)


def _words(name: str) -> str:
    # Control characters and half characters are no text for a title.
    return " ".join(re.sub(r"[_\s\-.]+|[^\w()&+,']", " ", name).split())


def _shortened(title: str) -> str:
    if len(title) <= LONGEST_TITLE:
        return title
    whole_words = title[: LONGEST_TITLE + 1].rpartition(" ")[0]
    return whole_words or title[:LONGEST_TITLE]
