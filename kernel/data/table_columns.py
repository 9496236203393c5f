"""Which columns of a table of photos hold their files and their values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel import session
from kernel.data import folders
from kernel.data.table_file import Table
from kernel.session import RunError

_FILE_COLUMNS = (
    *("file", "filename", "file_name", "path", "filepath", "image", "image_id", "image_path"),
    *("file_path", "img", "img_path", "image_name", "photo", "name", "id"),
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


def files_and_values(
    path: Path, column: TableColumn, table: Table, photo_of: Callable[[str], str | None]
) -> list[tuple[str, str]]:
    """Return file and value of each row of the table at `path` that has both.

    `photo_of` returns the photo that a cell names, or None. The log says which columns are taken
    of a table whose first row has their names.

    Raises:
        RunError: when it is not clear which column holds what.
    """
    header = [name.lower() for name in table[0]]
    file = _file_column(path, column, table, photo_of)
    is_photo = photo_of(table[0][file]) is not None or folders.is_photo(table[0][file])
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
    path: Path, column: TableColumn, table: Table, photo_of: Callable[[str], str | None]
) -> int:
    """Return the column of the files, among those that name photos.

    It is the one with the most names that end as a picture's; of several such columns, the one that
    names the most photos.

    Raises:
        RunError: when two columns are equal in this, and name different photos.
    """
    header = [name.lower() for name in table[0]]
    # Values that are numbers may be the names of photos, too.
    possible = [at for at, name in enumerate(header) if name not in column.names] or [0]
    photos = {
        at: [photo_of(row[at]) if len(row) > at else None for row in table] for at in possible
    }

    def rank(at: int) -> tuple[int, int]:
        endings = sum(folders.is_photo(row[at]) for row in table if len(row) > at)
        return endings, len({*photos[at]} - {None})

    naming = [at for at in possible if rank(at)[1]]
    if not naming:
        return next((header.index(name) for name in _FILE_COLUMNS if name in header), possible[0])
    best = max(map(rank, naming))
    likely = [at for at in naming if rank(at) == best]
    if any(photos[at] != photos[likely[0]] for at in likely):
        names = ", ".join(table[0][at] for at in likely)
        raise RunError(
            f"{path.name} has several columns that name photos, and they differ: {names}. Keep "
            f"only the right one, or write the files in it with their endings."
        )
    return likely[0]


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


def _value_column_without_header(path: Path, column: TableColumn, table: Table, file: int) -> int:
    """Return the column of the values: the only one, or the only one that holds no numbers."""
    if column.needs_name:
        raise _no_name(path, column)

    def cells(at: int) -> list[str]:
        return [row[at] for row in table if len(row) > at]

    places = [at for at in range(len(table[0])) if at != file]
    others = [at for at in places if not _count_rows(cells(at))] or places
    words = [at for at in others if not all(map(_is_number, cells(at)))]
    for possible in (others, words):
        if len(possible) == 1:
            return possible[0]
    raise RunError(
        f"{path.name} has several columns that may hold the {column.one}, and no header. Add a "
        f"first row with the names of the columns: `{column.names[0]}` for the {column.many}."
    )


def _no_name(path: Path, column: TableColumn) -> RunError:
    return RunError(
        f"{path.name} has no column that is called `{column.names[0]}`. Give this name to the "
        f"column with the {column.many}."
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
