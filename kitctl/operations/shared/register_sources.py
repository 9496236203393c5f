"""Register the project's local folders at the local Kaggle as the data sets that a job mounts."""

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
    """Call `register` with the folder of each data set, after its recipe has made the files.

    `folders` is the config's data set → folder; a data set that is not in it is left out.

    Raises InvalidInput where a folder does not exist or a recipe fails.
    """
    sources = stand_ins(project, Sources(datasets=tuple(datasets)), folders, ())
    prepare(sources, reporter)
    register({source.source: source.files for source in sources if source.files is not None})
