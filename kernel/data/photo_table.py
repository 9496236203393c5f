"""A table with a row for each photo: its file, and a value of it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel import session
from kernel.data import folders
from kernel.session import RunError

_FILE_COLUMNS = (
    *("file", "filename", "file_name", "path", "filepath", "image", "image_id", "image_path"),
    *("img", "photo", "name", "id"),
)
_ROW_NUMBERS = ("", "index", "unnamed: 0")


@dataclass(frozen=True)
class TableColumn:
    """What a table says of the photos: the setting that names it, and its column's usual names.

    `one` and `many` are words for its values. A column with one of the names `never` holds
    something else. With `needs_name` no column is taken that has none of the usual names.
    """

    setting: str
    one: str
    many: str
    names: tuple[str, ...]
    never: tuple[str, ...] = ()
    needs_name: bool = False


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
    rows = _rows(table, column, places)
    values: dict[str, str] = {}
    missing = []
    for file, value in rows:
        path = places.get(_plain(file))
        if path and values.setdefault(path, value) != value:
            raise RunError(
                f"{table.name} gives {file} two {column.many}: {values[path]} and {value}."
            )
        if not path:
            missing.append(file)
    return values, missing


def _rows(path: Path, column: TableColumn, places: dict[str, str]) -> list[tuple[str, str]]:
    """Return file and value of each row that has both.

    The file's column is the one that names most photos of `places`.

    Raises:
        RunError: when it is no such table, or it is not clear which column holds the values.
    """
    table = _table(path, column)
    width = len(table[0])

    def named(at: int) -> int:
        cells = {_plain(row[at]) for row in table if len(row) > at}
        return len({places[cell] for cell in cells if cell in places})

    header = [name.lower() for name in table[0]]
    usual = next((header.index(name) for name in _FILE_COLUMNS if name in header), None)
    # Values that are numbers may be the names of photos, too.
    possible = [at for at, name in enumerate(header) if name not in column.names] or [0]
    file = max(possible, key=lambda at: (named(at), -at))
    if usual is not None and (named(usual) or not named(file)):
        file = usual
    is_headed = _plain(table[0][file]) not in places and not folders.is_photo(table[0][file])
    value = _value_column(path, column, header if is_headed else [""] * width, file)
    if is_headed:
        columns = f"files from {table[0][file]!r}, {column.many} from {table[0][value]!r}"
        session.say(f"columns of {path.name}: {columns}")
    return [
        (row[file], row[value])
        for row in table[1 if is_headed else 0 :]
        if len(row) > max(file, value) and row[file] and row[value]
    ]


def _value_column(path: Path, column: TableColumn, header: Sequence[str], file: int) -> int:
    """Return the column of the values: the one of a usual name, or the only one left."""
    named = [header.index(name) for name in column.names if name in header]
    # The columns after the file's first: one before it may count the rows.
    places = [*range(file + 1, len(header)), *range(file)]
    others = [at for at in places if header[at] not in _ROW_NUMBERS] if any(header) else places
    others = [at for at in others or places if header[at] not in column.never]
    if not named and (column.needs_name or not others):
        raise RunError(
            f"{path.name} has no column that is called `{column.names[0]}`: call the one with the "
            f"{column.many} so."
        )
    if not named and len(others) > 1 and any(header):
        names = ", ".join(header[at] for at in others)
        raise RunError(
            f"{path.name} has several columns that may hold the {column.one}: {names}. Call the "
            f"right one `{column.names[0]}`, or keep that one and the file's only."
        )
    return next((at for at in named if at != file), others[0])


def _table(path: Path, column: TableColumn) -> list[list[str]]:
    """Return the cells of the table, row by row.

    Raises:
        RunError: when it cannot be read, or has fewer than two columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RunError(f"{column.setting}: {path.parent} holds no {path.name}.") from None
    except UnicodeDecodeError:
        raise RunError(
            f"{column.setting}: {path} is no text in UTF-8: save the table as CSV in UTF-8."
        ) from None
    except OSError as error:
        raise RunError(f"{column.setting}: {path} cannot be read: {error}.") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((each for each in ",;\t" if each in first), " ")
    try:
        lines = csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
        table = [[cell.strip() for cell in row] for row in lines if any(row)]
    except csv.Error as error:
        raise RunError(f"{column.setting}: {path} is no table: {error}.") from None
    if not table or len(table[0]) < 2:
        raise RunError(
            f"{column.setting}: {path} needs two columns, the file and its {column.one}."
        )
    return table


def _plain(file: str) -> str:
    return file.replace("\\", "/").removeprefix("./")


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
            named.setdefault(name, set()).add(path)
        places |= {name: min(its) for name, its in named.items() if len(its) == 1}
    return places
