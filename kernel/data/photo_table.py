"""A table with a row for each photo: its file, and a value of it."""

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel import session
from kernel.data import folders
from kernel.session import RunError

_FILE_COLUMNS = (
    *("file", "filename", "file_name", "path", "filepath", "image", "image_id", "image_path"),
    *("file_path", "img", "img_path", "image_name", "photo", "name", "id"),
)
_ROW_NUMBERS = ("", "index", "unnamed: 0")
_END = "end-of-the-table"  # read as a row of its own, unless a quote before it is not closed
_ROWS_LOOKED_AT = 20


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

    Raises:
        RunError: when it is no such table, or it is not clear which column holds what.
    """
    table = _table(path, column)
    header = [name.lower() for name in table[0]]
    file = _file_column(path, column, table, places)
    is_photo = _plain(table[0][file]) in places or folders.is_photo(table[0][file])
    is_headed = not is_photo or (
        header[file] in _FILE_COLUMNS and any(name in header for name in column.names)
    )
    if is_headed:
        value = _value_column(path, column, header, file)
        columns = f"files from {table[0][file]!r}, {column.many} from {table[0][value]!r}"
        session.say(f"columns of {path.name}: {columns}")
    else:
        value = _value_column_without_header(path, column, table, file)
    return [
        (row[file], row[value])
        for row in table[1 if is_headed else 0 :]
        if len(row) > max(file, value) and row[file] and row[value]
    ]


def _file_column(
    path: Path, column: TableColumn, table: list[list[str]], places: dict[str, str]
) -> int:
    """Return the column of the files: of those that name photos, the surest.

    Names with a picture's ending are surer than others, and more photos than fewer.

    Raises:
        RunError: when two columns are as sure, and name other photos.
    """
    header = [name.lower() for name in table[0]]
    # Values that are numbers may be the names of photos, too.
    possible = [at for at, name in enumerate(header) if name not in column.names] or [0]
    photos = {
        at: [places.get(_plain(row[at])) if len(row) > at else None for row in table]
        for at in possible
    }

    def rank(at: int) -> tuple[int, int]:
        endings = sum(folders.is_photo(row[at]) for row in table if len(row) > at)
        return endings, len({*photos[at]} - {None})

    naming = [at for at in possible if rank(at)[1]]
    if not naming:
        return next((header.index(name) for name in _FILE_COLUMNS if name in header), possible[0])
    best = max(map(rank, naming))
    surest = [at for at in naming if rank(at) == best]
    if any(photos[at] != photos[surest[0]] for at in surest):
        names = ", ".join(table[0][at] for at in surest)
        raise RunError(
            f"{path.name} has several columns that name photos, each other ones: {names}. Keep "
            f"the right one only, or write the names in it with their endings."
        )
    return surest[0]


def _value_column(path: Path, column: TableColumn, header: Sequence[str], file: int) -> int:
    """Return the column of the values: the one of a usual name, or the only one left."""
    named = [header.index(name) for name in column.names if name in header]
    places = [at for at in range(len(header)) if at != file]
    others = [at for at in places if header[at] not in _ROW_NUMBERS] or places
    others = [at for at in others if header[at] not in column.never]
    if not named and (column.needs_name or not others):
        raise _no_name(path, column)
    if not named and len(others) > 1:
        names = ", ".join(header[at] for at in others)
        raise RunError(
            f"{path.name} has several columns that may hold the {column.one}: {names}. Call the "
            f"right one `{column.names[0]}`, or keep that one and the file's only."
        )
    return next((at for at in named if at != file), others[0])


def _value_column_without_header(
    path: Path, column: TableColumn, table: list[list[str]], file: int
) -> int:
    """Return the column of the values: the only one, or the only one that holds no numbers."""
    if column.needs_name:
        raise _no_name(path, column)

    def cells(at: int) -> list[str]:
        return [row[at] for row in table if len(row) > at]

    others = [at for at in range(len(table[0])) if at != file and not _count_rows(cells(at))]
    words = [at for at in others if not all(map(_is_number, cells(at)))]
    for possible in (others, words):
        if len(possible) == 1:
            return possible[0]
    raise RunError(
        f"{path.name} has no first row with the names of its columns, and several that may hold "
        f"the {column.one}: write one, with `{column.names[0]}` above the {column.many}."
    )


def _no_name(path: Path, column: TableColumn) -> RunError:
    return RunError(
        f"{path.name} has no column that is called `{column.names[0]}`: call the one with the "
        f"{column.many} so."
    )


def _count_rows(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and list(cells) in (
        [str(number) for number in range(first, first + len(cells))] for first in (0, 1)
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(path: Path, column: TableColumn) -> list[list[str]]:
    """Return the cells of the table, row by row.

    Raises:
        RunError: when it cannot be read, has fewer than two columns, or more than its first row.
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
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        table = _cells([*lines, _END], _delimiter(lines))
    except csv.Error as error:
        raise RunError(f"{column.setting}: {path} is no table: {error}.") from None
    if table.pop() != [_END]:
        raise RunError(
            f"{column.setting}: {path} has a quote that is not closed, so that its last rows "
            f"cannot be told apart: close it, or take it out."
        )
    if not table or len(table[0]) < 2:
        raise RunError(
            f"{column.setting}: {path} needs two columns, the file and its {column.one}."
        )
    width = len(table[0])
    wide = next((row for row in table if any(row[width:])), None)
    if wide:
        raise RunError(
            f"{column.setting}: a row of {path} has more cells than the first one: "
            f"{', '.join(wide)}. Write decimals with a point, and quotes around what holds the "
            f"separator."
        )
    return table


def _delimiter(lines: Sequence[str]) -> str:
    """Return what separates the cells: that by which the first rows have as many of them."""
    first = lines[:_ROWS_LOOKED_AT]
    possible = [each for each in ",;\t" if first and each in first[0]]
    for each in possible:
        if len({len(row) for row in _cells(first, each)}) == 1:
            return each
    return possible[0] if possible else " "


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in rows if any(row)]


def _plain(file: str) -> str:
    """Return a file as the places are named: accents are written in two ways."""
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
