"""The project's own folders in the local Kaggle, in place of the data sets that a job mounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kitctl.domain.metadata import Sources
from kitctl.operations.shared.prepare_sources import prepare, stand_ins
from kitctl.operations.shared.reporter import Reporter


def register_sources(
    project: Path,
    folders: Mapping[str, str],
    datasets: Sequence[str],
    register: Callable[[Mapping[str, Path]], None],
    reporter: Reporter,
) -> None:
    """Hand the folder of each data set to `register`, its files made.

    `folders` is the config's data set → folder; a data set that is not in it is left out.
    """
    found = stand_ins(project, Sources(datasets=tuple(datasets)), folders, ())
    prepare(found, reporter)
    register({one.source: one.files for one in found if one.files is not None})
