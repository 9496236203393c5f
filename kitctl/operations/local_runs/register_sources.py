"""Register the project's local folders at the local Kaggle as the data sets that a job mounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kitctl.domain.job.metadata import Sources
from kitctl.operations.local_runs.prepare_sources import prepare, stand_ins
from kitctl.ports import Reporter


def register_sources(
    project: Path,
    folders: Mapping[str, str],
    sources: Sources,
    register: Callable[[Mapping[str, Path]], None],
    reporter: Reporter,
) -> None:
    """Call `register` with the folder of each source, after its recipe has made the files.

    `folders` is the config's source → folder; a source that is not in it is left out. A source
    other than a data set is registered with its kind before its name: `competitions/titanic`.

    Raises InvalidInput where a folder does not exist or a recipe fails.
    """
    standing = [
        stand_in
        for stand_in in stand_ins(project, sources, folders, ())
        if stand_in.files is not None
    ]
    prepare(standing, reporter)
    register(
        {
            stand_in.mount.removeprefix("datasets/"): stand_in.files
            for stand_in in standing
            if stand_in.files
        }
    )


def sources_named(names: Iterable[str]) -> Sources:
    """Return names of sources by kind, as far as their form says it; `owner/slug` is a data set."""
    names = tuple(names)
    return Sources(
        datasets=tuple(name for name in names if name.count("/") in (1, 2)),
        competitions=tuple(name for name in names if "/" not in name),
        models=tuple(name for name in names if name.count("/") in (3, 4)),
    )
