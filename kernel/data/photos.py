"""Folders of photos → labelled files, in Keras' own order, without those that cannot be read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kernel import session
from kernel.data import folders, labelled_files, labels_table, weights_table
from kernel.data.inspection import FileInspection, SkippedPhoto, inspect_files
from kernel.data.labelled_files import LabelledFiles
from kernel.session import RunError
from kernel.settings.settings import Settings

_MOST_NAMED = 50  # bad photos named in an error


@dataclass(frozen=True)
class Photos:
    """Labelled photo files in the order of Keras' `dataset.file_paths`.

    `labels` are indexes into `class_names`. `digests` identify the contents of the files. `size`
    is (height, width) if all photos are known to have the same size, else empty. `of_pillow`:
    some are WebP, TIFF or BMP. `weights` are those in the training loss, empty if all count the
    same.
    """

    paths: tuple[str, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    digests: tuple[str, ...] = field(default=(), repr=False)
    size: tuple[int, ...] = ()
    of_pillow: bool = False
    weights: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self) -> dict[str, int]:
        """Count the photos of each class."""
        photos = Counter(self.labels)
        return {name: photos[label] for label, name in enumerate(self.class_names)}


@dataclass(frozen=True)
class PhotoSet:
    """The photos of a run, and the files that were left out; `decoded` if each was decoded once."""

    train: Photos
    valid: Photos
    skipped: tuple[SkippedPhoto, ...]
    decoded: bool = False


def dataset_seed(settings: Settings) -> int:
    """Return the seed that `image_dataset_from_directory(seed=None)` draws from a seeded numpy."""
    import numpy as np

    return int(np.random.RandomState(settings.seed).randint(10**6))


def find(settings: Settings, *, decode_all: bool = False) -> PhotoSet:
    """Find the run's training and validation photos.

    With `decode_all` every photo is decoded once, not only those whose bytes leave a doubt.

    Raises:
        RunError: when a folder or a class is missing, or too many photos cannot be read.
    """
    folder = folders.data_folder(settings)
    find_in = _split if settings.validation_split else _two_folders
    photo_set = find_in(settings, folder, decode_all)
    if not settings.weights_csv:
        return photo_set
    weights = weights_table.read(folder, photo_set.train.paths, settings)
    return replace(photo_set, train=replace(photo_set.train, weights=weights))


def _two_folders(settings: Settings, folder: Path, decode_all: bool) -> PhotoSet:
    """Take the photos of the training and of the validation folder."""
    train, valid = folder / settings.train_folder, folder / settings.valid_folder
    for each in (train, valid):
        if not each.is_dir():
            inside = ", ".join(p.name for p in folders.inner_folders(folder)) or "none"
            raise RunError(
                f"{settings.data} has no folder {each.name!r} (its folders: {inside}). "
                f"{folders.advice_on(folder)}"
            )
    classes = labelled_files.class_names(train, settings)
    valid_classes = labelled_files.class_names(valid, settings)
    if classes != valid_classes:
        raise RunError(
            f"{train.name} and {valid.name} have different classes: {', '.join(classes)} against "
            f"{', '.join(valid_classes)}. Both need one folder for each class."
        )
    train_files, valid_files = (
        labelled_files.in_class_folders(each, classes, settings) for each in (train, valid)
    )
    paths = [path for path, _ in train_files + valid_files]
    readable, skipped = _inspect(paths, settings, decode_all)
    train_files = _without_skipped(train_files, readable)
    valid_files = _without_skipped(valid_files, readable)
    _require_all_classes(train, classes, train_files)
    _require_all_classes(valid, classes, valid_files)
    return PhotoSet(
        _photos(_shuffle(train_files, settings), classes, readable),
        _photos(valid_files, classes, readable),
        tuple(skipped),
        decode_all,
    )


def label_mode(settings: Settings, classes: int) -> str:
    """Return Keras' label_mode: the one of the settings, else binary for two classes or int.

    Raises:
        RunError: when it is binary and there are not two classes.
    """
    if settings.label_mode == "binary" and classes != 2:
        raise RunError(
            f"label_mode = 'binary' needs two classes and there are {classes}; use 'int' or "
            f"'categorical'."
        )
    if settings.label_mode != "auto":
        return settings.label_mode
    return "binary" if classes == 2 else "int"


def _split(settings: Settings, folder: Path, decode_all: bool) -> PhotoSet:
    """Split one folder: the last share in Keras' order becomes the validation photos."""
    inner = folder / settings.train_folder
    outer, folder = folder, inner if inner.is_dir() else folder
    if settings.labels_csv:
        of_classes = labels_table.read(outer, folder, settings)
        classes = tuple(of_classes)
        files = labelled_files.labelled(of_classes, settings)
    elif settings.labels == "inferred":
        classes = labelled_files.class_names(folder, settings)
        files = labelled_files.in_class_folders(folder, classes, settings)
    else:
        classes = tuple(str(label) for label in sorted(set(labelled_files.label_list(settings))))
        files = labelled_files.with_given_labels(folder, settings)
    readable, skipped = _inspect([path for path, _ in files], settings, decode_all)
    files = _without_skipped(files, readable)
    _require_all_classes(folder, classes, files)
    files = _shuffle(files, settings)
    held_out = int(settings.validation_split * len(files))
    if not 0 < held_out < len(files):
        raise RunError(
            f"validation_split = {settings.validation_split:g} of {len(files)} photos leaves one "
            f"part empty."
        )
    train, valid = files[:-held_out], files[-held_out:]
    for part, its_files in (("training", train), ("validation", valid)):
        _require_all_classes_after_split(part, classes, its_files)
    return PhotoSet(
        _photos(train, classes, readable),
        _photos(valid, classes, readable),
        tuple(skipped),
        decode_all,
    )


def _inspect(
    paths: list[str], settings: Settings, decode_all: bool
) -> tuple[dict[str, FileInspection], list[SkippedPhoto]]:
    """Separate the photos that can be read from the others, and log those.

    Raises:
        RunError: when more than `max_bad_share` cannot be read.
    """
    readable, skipped = inspect_files(
        paths,
        channels=settings.channels,
        max_megapixels=settings.max_megapixels,
        decode_all=decode_all,
    )
    for bad in skipped:
        session.say(f"skipped {bad.path}: {bad.reason}")
    if len(skipped) > settings.max_bad_share * len(paths):
        named = "\n".join(f"  {bad.path}: {bad.reason}" for bad in skipped[:_MOST_NAMED])
        more = f"\n  and {len(skipped) - _MOST_NAMED} more" if len(skipped) > _MOST_NAMED else ""
        raise RunError(
            f"{len(skipped)} of {len(paths)} photos cannot be read, more than the share of "
            f"max_bad_share = {settings.max_bad_share:g}:\n{named}{more}"
        )
    return readable, skipped


def _without_skipped(files: LabelledFiles, readable: dict[str, FileInspection]) -> LabelledFiles:
    return [(path, label) for path, label in files if path in readable]


def _require_all_classes(folder: Path, classes: Sequence[str], files: LabelledFiles) -> None:
    labels = {label for _, label in files}
    empty = [name for label, name in enumerate(classes) if label not in labels]
    if empty:
        raise RunError(f"no photo of {', '.join(empty)} in {folder.name} can be read.")


def _require_all_classes_after_split(
    part: str, classes: Sequence[str], files: LabelledFiles
) -> None:
    labels = {label for _, label in files}
    missing = [name for label, name in enumerate(classes) if label not in labels]
    if missing:
        raise RunError(
            f"the {part} part of the validation_split holds no photo of {', '.join(missing)}: what "
            f"is measured on it would mean nothing. Set shuffle = true, or a larger part."
        )


def _shuffle(files: LabelledFiles, settings: Settings) -> LabelledFiles:
    """Return the files in the order in which Keras shuffles its index, before any batch."""
    if not settings.shuffle:
        return files
    import numpy as np

    order = list(range(len(files)))
    np.random.RandomState(dataset_seed(settings)).shuffle(order)
    return [files[index] for index in order]


def _photos(
    files: LabelledFiles, classes: Sequence[str], inspections: dict[str, FileInspection]
) -> Photos:
    paths = tuple(path for path, _ in files)
    labels = tuple(label for _, label in files)
    digests = tuple(inspections[path].digest for path in paths)
    sizes = {inspections[path].size for path in paths}
    size = sizes.pop() if len(sizes) == 1 else ()
    of_pillow = any(inspections[path].of_pillow for path in paths)
    return Photos(paths, labels, tuple(classes), digests, size, of_pillow)
