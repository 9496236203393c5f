"""Folders of photos as they are found: where the classes are, and which files are photos."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kernel import session
from kernel.data.inspection import EXTENSIONS
from kernel.session import RunError
from kernel.settings.settings import Settings

_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".rar", ".7z")
_RECORDS = (".tfrec", ".tfrecord", ".tfrecords", ".parquet", ".npz", ".h5", ".hdf5")
_OF_MACOS = "__MACOSX"  # beside the files in archives from there
_MOST_LEVELS = 3


def data_folder(settings: Settings) -> Path:
    """Return the folder of the attached source `data`, or the folder with this path.

    Where it holds nothing but another folder, that one is looked at instead: many archives do.

    Raises:
        RunError: when there is no such folder, or no photos that can be read.
    """
    data = settings.data
    folders = [session.unnested(folder) for folder in session.source_folders(data)]
    folders += [Path(data)] if Path(data).is_dir() else []
    if not folders:
        raise RunError(
            f"the photos {data!r} are not attached (attached: {session.attached_names()}). Add "
            f"them to dataset_sources in kernel-metadata.json, or set `data` to what is attached."
        )
    is_right = _is_right(settings)
    folder = _deeper(folders[0], is_right)
    if not is_right(folder):
        refuse_packed(folder)
    return folder


def holder_of(name: str, folder: Path) -> Path:
    """Return the folder if it holds the file `name`, else the nearest above it that does.

    Those above are looked at as far as each holds no other folder; if none has the file, the folder
    itself is returned.
    """
    at = folder
    for _ in range(_MOST_LEVELS + 1):
        if (at / name).is_file():
            return at
        at = at.parent
        if len(inner_folders(at)) != 1:
            break
    return folder


def inner_folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted, without hidden ones and those of macOS."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name != _OF_MACOS
    )


def walk(folder: Path, follow_links: bool) -> Iterator[str]:
    """Yield the paths of all files that are not hidden, in Keras' order."""
    for root, _, names in sorted(os.walk(folder, followlinks=follow_links), key=lambda it: it[0]):
        parts = Path(root).relative_to(folder).parts
        if _OF_MACOS in parts or any(part.startswith(".") for part in parts):
            continue
        for name in sorted(names):
            if not name.startswith("."):
                yield os.path.join(root, name)  # noqa: PTH118 - Keras' own spelling of paths


def photo_paths(folder: Path, follow_links: bool) -> list[str]:
    """Return the paths of all photos in a folder and below, by their endings, in Keras' order."""
    return [*filter(is_photo, walk(folder, follow_links))]


def is_photo(path: str) -> bool:
    """Return whether a file's name ends as that of a picture."""
    return path.lower().endswith(EXTENSIONS)


def say_left_out(others: Sequence[str]) -> None:
    """Log in one line how many files are no photos, by their endings."""
    if others:
        session.say(f"left out {len(others)} files that are no photos ({endings(others)})")


def endings(paths: Sequence[str]) -> str:
    """Return how many of the files have which ending, such as `3 x .txt, 1 x no ending`."""
    counts = Counter(Path(path).suffix.lower() or "no ending" for path in paths)
    named = ", ".join(f"{count} x {ending}" for ending, count in counts.most_common(6))
    return f"{named}, …" if len(counts) > 6 else named or "none"


def _is_right(settings: Settings) -> Callable[[Path], bool]:
    """Return what tells whether a folder is laid out as the settings expect."""
    if settings.labels_csv:
        return lambda folder: (folder / settings.labels_csv).is_file()
    if not settings.validation_split:
        return lambda folder: (folder / settings.train_folder).is_dir()
    if settings.labels == "inferred":
        return lambda folder: len(inner_folders(folder)) > 1
    return lambda folder: any(map(is_photo, _file_names(folder))) or len(inner_folders(folder)) > 1


def _deeper(folder: Path, is_right: Callable[[Path], bool]) -> Path:
    """Return the first right one of the folder and those that are alone in the one above.

    Returns the folder itself if none is right.
    """
    at = folder
    for _ in range(_MOST_LEVELS + 1):
        if is_right(at):
            return at
        inner = inner_folders(at)
        if len(inner) != 1:
            break
        at = inner[0]
    return folder


def refuse_packed(folder: Path) -> None:
    """Refuse a folder that has no photos, in it or below, but files that photos are packed into.

    Raises:
        RunError: It is one; the message says what helps.
    """
    paths = list(walk(folder, follow_links=False))
    if any(map(is_photo, paths)):
        return
    for endings, advice in (
        (
            _ARCHIVES,
            "Unpack it on your machine and push the folder as a data set (kitctl datasets push "
            "DIR). Kaggle itself unpacks the archives of data sets, not those of competitions",
        ),
        (_RECORDS, "Write its photos as JPEG or PNG files first, one folder for each class"),
    ):
        packed = [path for path in paths if path.lower().endswith(endings)]
        if packed:
            name = Path(packed[0]).relative_to(folder.parent).as_posix()
            raise RunError(f"{name} is not read, and there are no photos beside it. {advice}.")


def advice_on(folder: Path) -> str:
    """Return what helps where a folder has not the two splits."""
    names = _file_names(folder)
    tables = [name for name in names if name.lower().endswith(".csv")]
    photos = sum(map(is_photo, names))
    if photos and not inner_folders(folder):
        advice = f"Its {photos} photos need a folder for each class, or a table of their classes"
    else:
        advice = (
            "Name them with train_folder and valid_folder, or set validation_split = 0.2 to split "
            "one folder"
        )
    if not tables:
        return f"{advice}."
    return (
        f"{advice}. If {tables[0]} says the class of each photo: labels_csv = {tables[0]!r} and "
        f"validation_split = 0.2."
    )


def _file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())
