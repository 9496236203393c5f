"""What stands for a job's Kaggle sources on this machine, and where each is mounted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kitctl.domain.metadata import Sources
from kitctl.errors import InvalidInput
from kitctl.operations.shared.reporter import Reporter

RECIPE = "recipe.py"
MADE = "files"


@dataclass(frozen=True)
class StandIn:
    """A source of the job: its place under input/, and the local folder that stands for it."""

    source: str
    mount: str
    folder: Path | None

    @property
    def recipe(self) -> Path | None:
        """The program that makes the folder's files, where they are not there yet."""
        if self.folder is None or not (self.folder / RECIPE).is_file():
            return None
        return None if (self.folder / MADE).is_dir() else self.folder / RECIPE

    @property
    def files(self) -> Path | None:
        """What is mounted: `files/` beside a recipe, else the folder itself."""
        if self.folder is None or not (self.folder / RECIPE).is_file():
            return self.folder
        return self.folder / MADE


def stand_ins(
    project: Path, sources: Sources, settings: Mapping[str, str], data: Sequence[str]
) -> tuple[StandIn, ...]:
    """Every source with its folder: from `--data SLUG=DIR`, else from the project's settings.

    Raises InvalidInput for a folder that is not there or a source that the job does not have.
    """
    chosen = {name: project / folder for name, folder in settings.items()}
    chosen |= _given(sources, data)
    found = []
    for source, mount in _mounts(sources):
        folder = chosen.get(source, chosen.get(_unversioned(source)))
        if folder is not None and not folder.is_dir():
            raise InvalidInput(
                f"{folder}, which stands for {source}, is no folder.",
                code="source_missing",
                hint=f"--data {source}=DIR, or [tool.kitctl.sources] in pyproject.toml",
            )
        found.append(StandIn(source, mount, folder))
    return tuple(found)


def prepare(found: Sequence[StandIn], reporter: Reporter) -> dict[str, Path]:
    """Runs the recipes whose files are missing, and returns mount → folder.

    Raises InvalidInput where a recipe fails.
    """
    mounts = {}
    for stand_in in found:
        if stand_in.recipe is not None:
            _cook(stand_in.source, stand_in.recipe, reporter)
        if stand_in.files is None:
            reporter.warn(
                f"Nothing stands for {stand_in.source} here, so the run will not find it: name a "
                "folder with --data or in [tool.kitctl.sources] of pyproject.toml."
            )
        else:
            mounts[stand_in.mount] = stand_in.files
    return mounts


def _mounts(sources: Sources) -> list[tuple[str, str]]:
    """Every source with its path under /kaggle/input."""
    return [
        *((source, f"datasets/{_unversioned(source)}") for source in sources.datasets),
        *((source, f"notebooks/{_unversioned(source)}") for source in sources.kernels),
        *((source, f"competitions/{source}") for source in sources.competitions),
        *((source, f"models/{source}") for source in sources.models),
    ]


def _unversioned(source: str) -> str:
    parts = source.split("/")
    return "/".join(parts[:2]) if len(parts) == 3 else source


def _given(sources: Sources, data: Sequence[str]) -> dict[str, Path]:
    names = {name: name for name in map(_unversioned, sources.all)}
    names |= {name.split("/")[-1]: name for name in reversed(names)}
    folders = {}
    for word in data:
        name, equals, folder = word.partition("=")
        if not equals or not folder:
            raise InvalidInput(
                f"--data {word} has no SLUG=DIR form.",
                code="usage",
                hint="For example: --data ryanholbrook/car-or-truck=my-photos",
            )
        if _unversioned(name) not in names:
            raise InvalidInput(
                f"This job has no source called {name}.",
                code="source_unknown",
                hint=f"Its sources: {', '.join(sources.all) or 'none'}",
            )
        folders[names[_unversioned(name)]] = Path(folder).expanduser().absolute()
    return folders


def _cook(source: str, recipe: Path, reporter: Reporter) -> None:
    """Runs a recipe, which makes its folder's files whole or not at all."""
    reporter.info(f"The files that stand for {source} are made now, once ({recipe}).")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KAGGLE_")}
    last = ""
    with (
        reporter.progress(f"making {recipe.parent.name}") as bar,
        subprocess.Popen(
            [sys.executable, str(recipe)],
            cwd=recipe.parent,
            env={**clean, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as cooking,
    ):
        assert cooking.stdout is not None
        for line in cooking.stdout:
            last = line.strip() or last
            bar.log(line.rstrip())
    if cooking.returncode != 0:
        raise InvalidInput(
            f"The recipe of {source} failed: {last}",
            code="recipe_failed",
            hint=f"{sys.executable} {recipe}",
        )
