"""Labels from a table: a row for each photo, with its file and its class."""

import csv
from collections.abc import Sequence
from pathlib import Path

from kernel import session
from kernel.data import folders
from kernel.session import RunError
from kernel.settings.settings import Settings

_FILE_COLUMNS = (
    *("file", "filename", "file_name", "path", "filepath", "image", "image_id", "image_path"),
    *("img", "photo", "name", "id"),
)
_LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "target", "y")
_ROW_NUMBERS = ("", "index", "unnamed: 0")
_MOST_NAMED = 5


def read(folder: Path, photos_folder: Path, settings: Settings) -> dict[str, list[str]]:
    """Return the photos of each class by the table `labels_csv` in `folder`, in Keras' order.

    A file is named by its path below `photos_folder` or `folder`, by its name, or by its name
    without the ending. Classes are in the order of `class_names`, else sorted.

    Raises:
        RunError: when the table cannot be read, or names too few photos that exist.
    """
    paths = [
        path
        for path in folders.walk(photos_folder, settings.follow_links)
        if folders.is_photo(path)
    ]
    places = _places(paths, (photos_folder, folder))
    rows = _rows(folder / settings.labels_csv, places)
    labels: dict[str, str] = {}
    missing = []
    for file, label in rows:
        path = places.get(_plain(file))
        if path and labels.setdefault(path, label) != label:
            raise RunError(
                f"{settings.labels_csv} gives {file} two classes: {labels[path]} and {label}."
            )
        if not path:
            missing.append(file)
    if len(missing) > settings.max_bad_share * len(rows):
        raise RunError(
            f"{settings.labels_csv} names {len(missing)} of {len(rows)} photos that "
            f"{photos_folder} does not hold, such as {', '.join(missing[:_MOST_NAMED])}. A file is "
            f"named by its path there, its name, or its name without the ending."
        )
    if missing:
        session.say(f"left out {len(missing)} rows of {settings.labels_csv} without a photo")
    if without := len(paths) - len(labels):
        session.say(f"left out {without} photos that {settings.labels_csv} does not name")
    return _by_class([path for path in paths if path in labels], labels, settings)


def _by_class(
    paths: Sequence[str], labels: dict[str, str], settings: Settings
) -> dict[str, list[str]]:
    found = sorted({labels[path] for path in paths}, key=_natural)
    absent = sorted(set(settings.class_names) - set(found))
    if absent:
        raise RunError(
            f"class_names has {', '.join(absent)}, which {settings.labels_csv} does not hold (it "
            f"holds: {', '.join(found)})."
        )
    classes = settings.class_names or found
    if len(classes) < 2:
        raise RunError(
            f"{settings.labels_csv} holds {len(classes)} class; a classifier needs at least two."
        )
    return {name: [path for path in paths if labels[path] == name] for name in classes}


def _natural(name: str) -> tuple[int, int, str]:
    """Return a key that sorts 2 before 10, and numbers before names."""
    return (0, int(name), name) if name.isdecimal() and len(name) < 19 else (1, 0, name)


def _rows(path: Path, places: dict[str, str]) -> list[tuple[str, str]]:
    """Return file and label of each row that has both.

    The file's column is the one that names most photos of `places`.

    Raises:
        RunError: when it is no such table, or it is not clear which column holds the classes.
    """
    table = _table(path)
    width = len(table[0])

    def named(column: int) -> int:
        cells = {_plain(row[column]) for row in table if len(row) > column}
        return len({places[cell] for cell in cells if cell in places})

    header = [name.lower() for name in table[0]]
    usual = next((header.index(name) for name in _FILE_COLUMNS if name in header), None)
    # Classes that are numbers may be the names of photos, too.
    possible = [at for at, name in enumerate(header) if name not in _LABEL_COLUMNS] or [0]
    file = max(possible, key=lambda column: (named(column), -column))
    if usual is not None and (named(usual) or not named(file)):
        file = usual
    is_headed = _plain(table[0][file]) not in places and not folders.is_photo(table[0][file])
    label = _label_column(path, header if is_headed else [""] * width, file)
    if is_headed:
        columns = f"files from {table[0][file]!r}, classes from {table[0][label]!r}"
        session.say(f"columns of {path.name}: {columns}")
    return [
        (row[file], row[label])
        for row in table[1 if is_headed else 0 :]
        if len(row) > max(file, label) and row[file] and row[label]
    ]


def _label_column(path: Path, header: Sequence[str], file: int) -> int:
    """Return the column of the classes: the one of a usual name, or the only one left."""
    named = [header.index(name) for name in _LABEL_COLUMNS if name in header]
    # The columns after the file's first: one before it may count the rows.
    places = [*range(file + 1, len(header)), *range(file)]
    others = [at for at in places if header[at] not in _ROW_NUMBERS] if any(header) else places
    others = others or places
    if not named and len(others) > 1 and any(header):
        names = ", ".join(header[column] for column in others)
        raise RunError(
            f"{path.name} has several columns that may hold the class: {names}. Call the right one "
            f"`label`, or keep that one and the file's only."
        )
    return next((column for column in named if column != file), others[0])


def _table(path: Path) -> list[list[str]]:
    """Return the cells of the table, row by row.

    Raises:
        RunError: when it cannot be read, or has fewer than two columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RunError(f"labels_csv: {path.parent} holds no {path.name}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"labels_csv: {path} cannot be read: {error}.") from None
    first = text.partition("\n")[0]
    delimiter = next((each for each in ",;\t" if each in first), " ")
    try:
        lines = csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
        table = [[cell.strip() for cell in row] for row in lines if any(row)]
    except csv.Error as error:
        raise RunError(f"labels_csv: {path} is no table: {error}.") from None
    if not table or len(table[0]) < 2:
        raise RunError(f"labels_csv: {path} needs two columns, the file and its class.")
    return table


def _plain(file: str) -> str:
    return file.replace("\\", "/").removeprefix("./")


def _places(paths: Sequence[str], roots: Sequence[Path]) -> dict[str, str]:
    """Return the paths by all names that a table may give them; a name of several is none."""
    places: dict[str, str] = {}
    ambiguous = set()
    for path in paths:
        for name in {Path(path).name, Path(path).stem}:
            if places.setdefault(name, path) != path:
                ambiguous.add(name)
    places = {name: path for name, path in places.items() if name not in ambiguous}
    for root in roots:
        for path in paths:
            below = Path(path).relative_to(root)
            places[below.as_posix()] = places[below.with_suffix("").as_posix()] = path
    return places
