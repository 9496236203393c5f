"""dataset-metadata.json: a data set as Kaggle's own client knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slugify import slugify

from kitctl.domain.data.dataset_resources import Resource, parse_resources
from kitctl.domain.data.datasets import DEFAULT_LICENSE, LONGEST_NAME, SHORTEST_NAME
from kitctl.domain.job.metadata_text import read_object
from kitctl.errors import InvalidInput, Problem

METADATA_NAME = "dataset-metadata.json"

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TEMPLATE = "INSERT_"


@dataclass(frozen=True, kw_only=True)
class DatasetMetadata:
    """A data set as its file describes it; `owner` is "" where the account is the owner."""

    owner: str
    slug: str
    title: str
    license: str = DEFAULT_LICENSE
    subtitle: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)

    def to_json(self, account: str) -> str:
        """Return a new file, as Kaggle's client takes it."""
        values = {
            "title": self.title,
            "id": f"{self.owner or account}/{self.slug}",
            "licenses": [{"name": self.license}],
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def from_folder_name(name: str, *, id: str = "", title: str = "") -> DatasetMetadata:
    """Return the metadata of a folder that has none; id and title are the user's, if given.

    Raises InvalidInput where no name comes of it.
    """
    owner, _, slug = id.rpartition("/")
    slug = slug or slugify(title or name)
    default_title = title or slug.replace("-", " ").capitalize()
    return _checked(DatasetMetadata(owner=owner, slug=slug, title=default_title))


def parse_metadata(text: str, *, id: str = "", title: str = "") -> DatasetMetadata:
    """Read a metadata file; id and title are those of the user instead, if given.

    Raises InvalidInput with everything that is wrong.
    """
    values = read_object(text, METADATA_NAME)
    owner, _, slug = (id or _text(values, "id")).rpartition("/")
    problems: list[Problem] = []
    resources = parse_resources(values.get("resources"), problems)
    return _checked(
        DatasetMetadata(
            owner=owner,
            slug=slug,
            title=title or _text(values, "title"),
            license=_license(values),
            subtitle=_text(values, "subtitle"),
            description=_text(values, "description"),
            keywords=_texts(values, "keywords"),
            resources=resources,
        ),
        problems,
    )


def _checked(metadata: DatasetMetadata, earlier: Sequence[Problem] = ()) -> DatasetMetadata:
    problems = [*earlier]
    slug, title, subtitle = metadata.slug, metadata.title, metadata.subtitle
    if not _SLUG.fullmatch(slug) or (metadata.owner and not _OWNER.fullmatch(metadata.owner)):
        problems.append(
            Problem(
                "id",
                f"is {metadata.owner}/{slug}." if metadata.owner else f"is {slug!r}.",
                "It must be owner/slug or slug; a slug has small letters, digits and single"
                " hyphens. Give one with --id.",
            )
        )
    elif not SHORTEST_NAME <= len(slug) <= LONGEST_NAME:
        problems.append(_length("id", f"the slug {slug}", slug, "--id"))
    if not SHORTEST_NAME <= len(title) <= LONGEST_NAME:
        problems.append(_length("title", f"the title {title!r}", title, "--title"))
    for name, value in (("id", f"{metadata.owner}/{slug}"), ("title", title)):
        if _TEMPLATE in value:
            problems.append(Problem(name, f"is still the template's {value}.", "Fill it in."))
    if subtitle and not 20 <= len(subtitle) <= 80:
        problems.append(
            Problem("subtitle", f"has {len(subtitle)} characters.", "Kaggle wants 20 to 80.")
        )
    if problems:
        raise _wrong(problems)
    return metadata


def _length(where: str, what: str, value: str, option: str) -> Problem:
    return Problem(
        where,
        f"{what} has {len(value)} characters; Kaggle wants {SHORTEST_NAME} to {LONGEST_NAME}.",
        f"Give another one with {option}.",
    )


def _wrong(problems: list[Problem]) -> InvalidInput:
    return InvalidInput(
        f"The data set's {METADATA_NAME} cannot be used; nothing was sent.",
        code="invalid_metadata",
        hint=f"Fix {METADATA_NAME} as listed, or give --id and --title.",
        problems=problems,
    )


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _texts(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = values.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _license(values: Mapping[str, Any]) -> str:
    """Return the one licence's name; Kaggle takes no more than one."""
    licenses = values.get("licenses") or [{"name": DEFAULT_LICENSE}]
    if isinstance(licenses, list) and len(licenses) == 1 and isinstance(licenses[0], dict):
        return _text(licenses[0], "name") or DEFAULT_LICENSE
    raise _wrong(
        [Problem("licenses", "must hold exactly one licence.", 'As [{"name": "CC0-1.0"}]')]
    )
