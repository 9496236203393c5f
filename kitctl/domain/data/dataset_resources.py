"""`resources` of dataset-metadata.json: what is said of single files and their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kitctl.errors import Problem

# A type as the Data Package standard names it → Kaggle's own, as its official client converts it.
_TYPES = {
    **dict.fromkeys(("string", "date", "time", "yearmonth", "duration"), "string"),
    **dict.fromkeys(("geopoint", "geojson"), "string"),
    **dict.fromkeys(("numeric", "number", "year"), "numeric"),
    "boolean": "boolean",
    "datetime": "datetime",
}


class DatasetColumn(NamedTuple):
    """A column of a table; both types are "" where none is given."""

    name: str
    description: str
    type: str
    original_type: str


class Resource(NamedTuple):
    """What is said of one file."""

    description: str = ""
    columns: tuple[DatasetColumn, ...] = ()


def parse_resources(value: object, problems: list[Problem]) -> dict[str, Resource]:
    """Return what is said of the files, by path; what is wrong is added to `problems`."""
    resources: dict[str, Resource] = {}
    if value is not None and not isinstance(value, list):
        problems.append(Problem("resources", "must be a list.", 'As [{"path": "labels.csv"}]'))
        return resources
    for item in value or ():
        path = item.get("path") if isinstance(item, Mapping) else None
        if not isinstance(path, str):
            problems.append(Problem("resources", "has an entry without a path.", "Name its file."))
        elif path in resources:
            problems.append(Problem("resources", f"names {path} twice.", "Keep one of them."))
        else:
            resources[path] = _resource(path, item, problems)
    return resources


def _resource(path: str, item: Mapping[str, Any], problems: list[Problem]) -> Resource:
    schema = item.get("schema")
    fields = schema.get("fields", []) if isinstance(schema, Mapping) else []
    columns = []
    for field in fields if isinstance(fields, list) else []:
        if not isinstance(field, Mapping) or not isinstance(field.get("name"), str):
            problems.append(Problem("resources", f"has a column of {path} without a name."))
            continue
        original = str(field.get("type", "")).lower()
        text = str(field.get("description") or field.get("title") or "")
        columns.append(DatasetColumn(field["name"], text, _TYPES.get(original, original), original))
    description = item.get("description")
    return Resource(description if isinstance(description, str) else "", tuple(columns))
