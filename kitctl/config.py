"""kitctl's settings: option, environment (KITCTL_…), the project's pyproject.toml, default.

The first of these that names a setting counts. A project is a folder with a kernel-metadata.json.
Its settings are in `[tool.kitctl]` of the pyproject.toml beside it, and `[tool.kitctl.sources]`
maps Kaggle sources to local folders.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from kitctl.errors import InvalidInput, NoProject, Problem
from kitctl.files import read_toml

METADATA_NAME = "kernel-metadata.json"
"""The job as Kaggle knows it."""
JOB_NAME = "job.toml"
"""The job's own settings, beside its code."""

LISTS = ("code", "files", "requirements")
"""The settings that only a project can have: what goes along with its code."""

CHOICES = {"resume_source": ("kernel", "dataset")}
"""The settings that take certain texts only."""

_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True)
class Config:
    """Every setting of kitctl with its default. Each is `KITCTL_<NAME>` in the environment."""

    local: bool = False
    """Send commands to the local Kaggle instead of kaggle.com."""
    accelerator: str = ""
    """t4x2, p100, tpu, cpu or a raw machine shape; empty: as kernel-metadata.json says."""
    timeout: str = ""
    """How long a pushed run may take, such as 2h or 90m; empty: Kaggle's own limit."""
    results: str = "results"
    """Where outputs go, from the project's folder."""
    photos: int = 40
    """Photos per class and split in a dry run; 0 is all of them."""
    epochs: int = 2
    """Epochs in a dry run; 0 is as many as the job asks for."""
    jobs: int = 16
    """Files fetched at the same time."""
    notify: str = ""
    """Whom to tell that a run has ended: desktop, or an https:// address; empty: nobody."""
    resume_source: str = "kernel"
    """What a run finds the earlier outputs in that it goes on from: kernel, where Kaggle can attach
    them, or always a private dataset."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Kaggle source → local folder that stands for it, from the project's folder."""
    code: Sequence[str] = ()
    """Folders of modules, packages and modules that go along whole, from the project's folder."""
    files: Sequence[str] = ()
    """Data files that go along, by patterns such as configs/*.yaml, from the project's folder."""
    requirements: str | Sequence[str] | None = None
    """Packages for the run: a file that names them, or a list; empty for none."""


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the ledger and the local Kaggle: KITCTL_HOME, or one for user data.

    Raises InvalidInput where neither is known: a container's user may have no home folder.
    """
    if environ.get("KITCTL_HOME"):
        return expand_user(environ["KITCTL_HOME"]).absolute()
    from platformdirs import user_data_path

    try:
        folder = user_data_path("kitctl", appauthor=False)
    except RuntimeError:  # As a release of platformdirs may do; others return a `~`.
        folder = Path("~/kitctl")
    return expand_user(folder)


def expand_user(path: str | Path) -> Path:
    """Return the path with the home folder in place of `~`.

    Raises InvalidInput where the user has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InvalidInput(
            f"There is no home folder that the ~ in {path} could stand for.",
            code="no_home",
            hint="Name kitctl's folder in the environment variable KITCTL_HOME, or set HOME.",
        ) from None


def find_project(folder: Path | None, start: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the project in `folder`, else in KITCTL_PROJECT, else the nearest one above `start`.

    Raises NoProject where no folder is named and there is none above, InvalidInput where the named
    folder is no project.
    """
    if folder is None and environ.get("KITCTL_PROJECT"):
        folder = expand_user(environ["KITCTL_PROJECT"])
    if folder is not None:
        if (folder / METADATA_NAME).is_file():
            return folder.absolute()
        raise InvalidInput(
            f"The folder {folder} holds no {METADATA_NAME}.",
            code="no_project",
            hint=f"kitctl init {folder} --from FILE   (writes one for a script or notebook)",
        )
    for parent in (start, *start.parents):
        if (parent / METADATA_NAME).is_file():
            return parent
    raise NoProject(
        f"Neither {start} nor a folder above it holds a {METADATA_NAME}.",
        hint="Name the project's folder with --project DIR, or make one: kitctl init --from FILE",
    )


def load(
    project: Path | None,
    options: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Return the settings in force; an option of None does not count.

    Raises InvalidInput for a setting that does not exist or has a wrong value.
    """
    values = {} if project is None else _from_project(project / "pyproject.toml")
    values |= _from_environment(environ)
    values |= {name: value for name, value in options.items() if value is not None}
    return Config(**values)


def closest(word: str, known: Iterable[str]) -> str:
    """Return a "Did you mean …?" for a mistyped word, or an empty text."""
    import difflib

    similar = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {similar[0]}?" if similar else ""


def _from_project(path: Path) -> dict[str, Any]:
    table: Any
    try:
        table = read_toml(path)
    except FileNotFoundError:
        return {}
    for name in ("tool", "kitctl"):
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise InvalidInput(
                f"{path} is wrong: {name} in [tool.kitctl] is no table.", code="settings"
            )
    known = {field.name: field.default for field in fields(Config)}
    problems = [
        *(
            Problem(name, "is no setting of kitctl.", closest(name, known))
            for name in table
            if name not in known
        ),
        *(
            Problem(name, f"is {value!r}.", f"Give {_kind_of_value(name, known[name])}.")
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
    if name in LISTS:
        is_text = name == "requirements" and isinstance(value, str)
        return is_text or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    if type(default) is int:
        return type(value) is int and value >= 0
    if name in CHOICES:
        return value in CHOICES[name]
    return type(value) is type(default)


def _kind_of_value(name: str, default: object) -> str:
    if name in CHOICES:
        return " or ".join(CHOICES[name])
    if default is None or default == ():
        return 'a list of texts, such as ["src"]'
    names = {bool: "true or false", int: "a whole number, 0 or more", str: "a text"}
    return names.get(type(default), "a table of texts: source = folder")


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for setting in fields(Config):
        text = environ.get(f"KITCTL_{setting.name.upper()}", "")
        if text and setting.name not in {"sources", *LISTS}:
            values[setting.name] = _parse(setting.name, text, setting.default)
    return values


def _parse(name: str, text: str, default: object) -> object:
    if type(default) is bool and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if type(default) is int and text.isdecimal():
        return int(text)
    if type(default) is str and _fits(name, text, default):
        return text
    raise InvalidInput(
        f"KITCTL_{name.upper()} is {text!r} in the environment; it must be "
        f"{_kind_of_value(name, default)}.",
        code="settings",
    )
