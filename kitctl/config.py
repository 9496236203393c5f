"""Settings by precedence: option, environment (KITCTL_…), the project's pyproject.toml, default.

A project is a folder that holds kernel-metadata.json. Its settings stand in `[tool.kitctl]` of the
pyproject.toml beside it, and `[tool.kitctl.sources]` says which local folder stands for which
Kaggle source.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from kitctl.errors import InvalidInput, NoProject, Problem

METADATA_NAME = "kernel-metadata.json"
"""The job as Kaggle knows it."""
JOB_NAME = "job.toml"
"""The job's own settings, beside its code."""


@dataclass(frozen=True)
class Config:
    """Every setting of the kit with its default. Each is `KITCTL_<NAME>` in the environment."""

    local: bool = False
    """Send commands to the local Kaggle instead of kaggle.com."""
    accelerator: str = ""
    """t4x2, p100, tpu, cpu or a raw machine shape; empty: as kernel-metadata.json says."""
    timeout: str = ""
    """The longest that a pushed run may take, such as 2h or 90m; empty: Kaggle's own limit."""
    results: str = "results"
    """Where outputs go, from the project's folder."""
    photos: int = 40
    """Photos per class and split in a dry run; 0 is all of them."""
    epochs: int = 2
    """Epochs in a dry run; 0 is as many as the job asks for."""
    jobs: int = 16
    """Files fetched at the same time."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Kaggle source → local folder that stands for it, from the project's folder."""


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the ledger and the local Kaggle: KITCTL_HOME, or the system's for user data."""
    if environ.get("KITCTL_HOME"):
        return Path(environ["KITCTL_HOME"]).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("kitctl", appauthor=False)


def find_project(given: Path | None, start: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder asked for, or the nearest one upwards from `start`, that is a project.

    Raises NoProject where nobody asked for one and there is none, InvalidInput where the folder
    asked for is none.
    """
    if given is None and environ.get("KITCTL_PROJECT"):
        given = Path(environ["KITCTL_PROJECT"]).expanduser()
    if given is not None:
        if (given / METADATA_NAME).is_file():
            return given.absolute()
        raise InvalidInput(
            f"The folder {given} holds no {METADATA_NAME}.",
            code="no_project",
            hint=f"kaggle kernels init -p {given}   (writes a {METADATA_NAME} to fill in)",
        )
    for folder in (start, *start.parents):
        if (folder / METADATA_NAME).is_file():
            return folder
    raise NoProject(
        f"Neither {start} nor a folder above it holds a {METADATA_NAME}.",
        hint="Name the project's folder with --project DIR, or make one: kaggle kernels init",
    )


def load(
    project: Path | None,
    options: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """The settings in force. An option of None was not given."""
    values = {} if project is None else _from_project(project / "pyproject.toml")
    values |= _from_environment(environ)
    values |= {name: value for name, value in options.items() if value is not None}
    return Config(**values)


def closest(word: str, known: Iterable[str]) -> str:
    """A "Did you mean …?" for a mistyped word, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _from_project(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        table = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("kitctl", {})
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}.", code="settings") from None
    known = {field.name: field.default for field in fields(Config)}
    problems = [
        *(
            Problem(name, "is no setting of kitctl.", closest(name, known))
            for name in table
            if name not in known
        ),
        *(
            Problem(name, f"is {value!r}.", f"Give {_kind(known[name])}.")
            for name, value in table.items()
            if name in known and not _fits(name, value, known[name])
        ),
    ]
    if problems:
        raise InvalidInput(
            f"[tool.kitctl] in {path} is wrong.",
            code="settings",
            hint=f"The settings are: {', '.join(known)}.",
            problems=problems,
        )
    return dict(table)


def _fits(name: str, value: object, default: object) -> bool:
    if name == "sources":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if type(default) is int:
        return type(value) is int and value >= 0
    return type(value) is type(default)


def _kind(default: object) -> str:
    kinds = {bool: "true or false", int: "a whole number, 0 or more", str: "a text"}
    return kinds.get(type(default), "a table of texts: source = folder")


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for setting in fields(Config):
        text = environ.get(f"KITCTL_{setting.name.upper()}", "")
        if text and setting.name != "sources":
            values[setting.name] = _parsed(setting.name, text, setting.default)
    return values


def _parsed(name: str, text: str, default: object) -> object:
    if type(default) is bool and text.lower() in {
        "1",
        "true",
        "yes",
        "on",
        "0",
        "false",
        "no",
        "off",
    }:
        return text.lower() in {"1", "true", "yes", "on"}
    if type(default) is int and text.isdecimal():
        return int(text)
    if type(default) is str:
        return text
    raise InvalidInput(
        f"KITCTL_{name.upper()} is {text!r} in the environment; it must be {_kind(default)}.",
        code="settings",
    )
