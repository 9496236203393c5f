"""Local folders that stand in for a job's Kaggle sources, and where each is mounted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kitctl.config import expand_user
from kitctl.domain.data.datasets import DatasetRef, parse_data_option
from kitctl.domain.job.metadata import Sources
from kitctl.errors import InvalidInput
from kitctl.ports import Reporter

RECIPE = "recipe.py"
"""A program in a stand-in's folder that makes its files."""
COMPETITION = "competition.json"
"""What a folder that stands for a competition says of it; the local Kaggle reads it."""
RECIPE_FILES = "files"


@dataclass(frozen=True)
class StandIn:
    """A source of the job, its path under input/, and the local folder that stands in for it."""

    source: str
    mount: str
    folder: Path | None

    @property
    def recipe(self) -> Path | None:
        """The program that makes the files, where they are not there yet."""
        if self.folder is None or not (self.folder / RECIPE).is_file():
            return None
        return None if (self.folder / RECIPE_FILES).is_dir() else self.folder / RECIPE

    @property
    def files(self) -> Path | None:
        """The folder that is mounted: `files/` beside a recipe or a competition's description.

        Else it is the folder itself.
        """
        if self.folder is None:
            return None
        described = any((self.folder / name).is_file() for name in (RECIPE, COMPETITION))
        return self.folder / RECIPE_FILES if described else self.folder


def stand_ins(
    project: Path, sources: Sources, settings: Mapping[str, str], data: Sequence[str]
) -> tuple[StandIn, ...]:
    """Return every source with its folder: from `--data SLUG=DIR`, else from the settings.

    Raises InvalidInput for a folder that does not exist or a source that the job does not have.
    """
    folders = {name: project / folder for name, folder in settings.items()}
    folders |= _parse_data_options(sources, data)
    result = []
    for source, mount in _mount_paths(sources):
        folder = folders.get(source, folders.get(_unversioned(source)))
        if folder is not None and not folder.is_dir():
            raise InvalidInput(
                f"{folder}, which stands for {source}, is no folder.",
                code="source_missing",
                hint=f"--data {source}=DIR, or [tool.kitctl.sources] in pyproject.toml",
            )
        result.append(StandIn(source, mount, folder))
    return tuple(result)


def added_datasets(sources: Sources, data: Sequence[str]) -> dict[str, str]:
    """Return name → folder of the data sets in `SLUG=DIR` options that are no source of the job."""
    own = {_unversioned(source).lower() for source in sources.all}
    added = {}
    for name, folder in map(parse_data_option, data):
        if name.count("/") == 1 and name.lower() not in own:
            added[str(DatasetRef.parse(name, account=str))] = folder  # The name has its owner.
    return added


def prepare(stand_ins: Sequence[StandIn], reporter: Reporter) -> dict[str, Path]:
    """Run the recipes whose files are missing, and return mount → folder.

    Raises InvalidInput where a recipe fails.
    """
    mounts = {}
    for stand_in in stand_ins:
        if stand_in.recipe is not None:
            _run_recipe(stand_in.source, stand_in.recipe, reporter)
        if stand_in.files is None:
            reporter.warn(
                f"Nothing stands for {stand_in.source} here, so the run will not find it: name a "
                "folder with --data or in [tool.kitctl.sources] of pyproject.toml."
            )
        else:
            mounts[stand_in.mount] = stand_in.files
    return mounts


def _mount_paths(sources: Sources) -> list[tuple[str, str]]:
    """Return every source with its path under /kaggle/input."""
    return [
        *((source, f"datasets/{_unversioned(source)}") for source in sources.datasets),
        *((source, f"notebooks/{_unversioned(source)}") for source in sources.kernels),
        *((source, f"competitions/{source}") for source in sources.competitions),
        *((source, f"models/{_versioned(source)}") for source in sources.models),
    ]


def _versioned(model: str) -> str:
    """Return a model's source with a version: a local folder that stands for the newest has one."""
    return model if model.count("/") == 4 else f"{model}/1"


def _unversioned(source: str) -> str:
    parts = source.split("/")
    return "/".join(parts[:2]) if len(parts) == 3 else source


def _parse_data_options(sources: Sources, data: Sequence[str]) -> dict[str, Path]:
    """Return the folder of each source that `SLUG=DIR` options name."""
    names = {name.lower(): name for name in map(_unversioned, sources.all)}
    names |= {key.split("/")[-1]: name for key, name in reversed(names.items())}
    folders = {}
    for option in data:
        name, folder = parse_data_option(option)
        key = _unversioned(name).lower()
        if key not in names:
            raise InvalidInput(
                f"This job has no source called {name}.",
                code="source_unknown",
                hint=f"Its sources: {', '.join(sources.all) or 'none'}. A data set besides them: "
                f"--data OWNER/{name}=DIR",
            )
        folders[names[key]] = expand_user(folder).absolute()
    return folders


def _run_recipe(source: str, recipe: Path, reporter: Reporter) -> None:
    """Run a recipe, which makes its folder's files whole or not at all."""
    reporter.info(f"The files that stand for {source} are made now, once ({recipe}).")
    without_credentials = {
        name: value for name, value in os.environ.items() if not name.startswith("KAGGLE_")
    }
    last = ""
    with (
        reporter.progress(f"making {recipe.parent.name}") as bar,
        subprocess.Popen(
            [sys.executable, str(recipe)],
            cwd=recipe.parent,
            env={**without_credentials, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            last = line.strip() or last
            bar.log(line.rstrip())
    if process.returncode != 0:
        raise InvalidInput(
            f"The recipe of {source} failed: {last}",
            code="recipe_failed",
            hint=f"{sys.executable} {recipe}",
        )
