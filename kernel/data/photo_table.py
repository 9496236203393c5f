"""A table with a row for each photo: its file, and a value of it."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from kernel.data import table_file
from kernel.data.table_columns import TableColumn, files_and_values
from kernel.session import RunError


def read(
    table: Path, column: TableColumn, paths: Sequence[str], roots: Sequence[Path]
) -> tuple[dict[str, str], list[str]]:
    """Return the value of each photo among `paths` that the table names, and the other files of it.

    A file is named by its path below one of the `roots`, by its name, or by its name without the
    ending.

    Raises:
        RunError: when the table cannot be read, or gives a photo two values.
    """
    places = _places(paths, roots)
    values: dict[str, str] = {}
    missing = []

    def photo_of(file: str) -> str | None:
        return places.get(_plain(file))

    cells = table_file.read(table, column.setting, column.one)
    for file, value in files_and_values(table, column, cells, photo_of):
        path = photo_of(file)
        if path and values.setdefault(path, value) != value:
            raise RunError(
                f"{table.name} gives {file} two {column.many}: {values[path]} and {value}."
            )
        if not path:
            missing.append(file)
    return values, missing


def _plain(file: str) -> str:
    """Return a file's name in the form that is compared: one slash, one way to write accents."""
    return unicodedata.normalize("NFC", file.replace("\\", "/").removeprefix("./"))


def _places(paths: Sequence[str], roots: Sequence[Path]) -> dict[str, str]:
    """Return the paths by all names that a table may give them; a name of several is none.

    A path counts before a path without its ending, and that one before a name.
    """
    below = [
        (Path(path).relative_to(root), path)
        for root in roots
        for path in paths
        if Path(path).is_relative_to(root)
    ]
    kinds = (
        [(name, path) for path in paths for name in (Path(path).name, Path(path).stem)],
        [(file.with_suffix("").as_posix(), path) for file, path in below],
        [(file.as_posix(), path) for file, path in below],
    )
    places: dict[str, str] = {}
    for kind in kinds:
        named: dict[str, set[str]] = {}
        for name, path in kind:
            named.setdefault(_plain(name), set()).add(path)
        places |= {name: min(its) for name, its in named.items() if len(its) == 1}
    return places
