"""Folders of photos → labelled files, in Keras' own order; what cannot be read is left out."""

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernel import session
from kernel.data.inspection import EXTENSIONS, FileInspection, SkippedPhoto, inspect
from kernel.session import RunError
from kernel.settings.settings import Settings

_LISTED = 50  # bad photos named in an error


@dataclass(frozen=True)
class Photos:
    """Labelled photo files in the order of Keras' `dataset.file_paths`.

    `labels` are indexes into `class_names`. `digests` identify the files' bytes. `size` is
    (height, width) where all photos are known to have the same.
    """

    paths: tuple[str, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    digests: tuple[str, ...] = field(default=(), repr=False)
    size: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self) -> dict[str, int]:
        """Photos in each class."""
        found = Counter(self.labels)
        return {name: found[index] for index, name in enumerate(self.class_names)}


@dataclass(frozen=True)
class PhotoSet:
    """The photos of a run, and those that were left out."""

    train: Photos
    valid: Photos
    skipped: tuple[SkippedPhoto, ...]


def dataset_seed(settings: Settings) -> int:
    """The seed that `image_dataset_from_directory(seed=None)` draws first after seeding numpy."""
    import numpy as np

    return int(np.random.RandomState(settings.seed).randint(10**6))


def find(settings: Settings, *, decode_all: bool = False) -> PhotoSet:
    """The run's training and validation photos; raises `RunError` when they cannot be trained on.

    With `decode_all` every photo is decoded once, not only the doubtful ones.
    """
    folder = data_folder(settings.data)
    if settings.validation_split:
        return _split(settings, folder, decode_all)
    train, valid = folder / settings.train_folder, folder / settings.valid_folder
    for wanted in (train, valid):
        if not wanted.is_dir():
            inside = ", ".join(sorted(p.name for p in folder.iterdir() if p.is_dir())) or "none"
            raise RunError(
                f"{settings.data} has no folder {wanted.name!r} (its folders: {inside}). Name them "
                f"with train_folder and valid_folder, or set validation_split = 0.2 to have the "
                f"validation photos taken out of one folder."
            )
    classes = _classes(train, settings)
    if classes != _classes(valid, settings):
        raise RunError(
            f"{train.name} and {valid.name} have different classes: {', '.join(classes)} against "
            f"{', '.join(_classes(valid, settings))}. Both need one folder for each class."
        )
    listed = [_listed(each, classes, settings) for each in (train, valid)]
    good, skipped = _readable([path for files in listed for path, _ in files], settings, decode_all)
    chosen = [_kept(files, good) for files in listed]
    for where, files in zip((train, valid), chosen, strict=True):
        _check_classes(where, classes, files)
    return PhotoSet(
        _photos(_shuffled(chosen[0], settings), classes, good),
        _photos(chosen[1], classes, good),
        tuple(skipped),
    )


def data_folder(data: str) -> Path:
    """The folder of an attached data set (owner/slug), or a folder by its path."""
    found = [session.unnested(folder) for folder in session.source_folders(data)]
    found += [Path(data)] if Path(data).is_dir() else []
    if not found:
        here = ", ".join(session.attached()) or "nothing"
        raise RunError(
            f"the photos {data!r} are not attached (attached: {here}). Add it to dataset_sources "
            f"in kernel-metadata.json, or set `data` to what is attached."
        )
    return found[0]


def label_mode(settings: Settings, classes: int) -> str:
    """Keras' label_mode for so many classes: binary for two, int for more, unless set."""
    if settings.label_mode == "binary" and classes != 2:
        raise RunError(
            f"label_mode = 'binary' needs two classes and there are {classes}; use 'int' or "
            f"'categorical'."
        )
    if settings.label_mode != "auto":
        return settings.label_mode
    return "binary" if classes == 2 else "int"


Labelled = list[tuple[str, int]]


def _split(settings: Settings, folder: Path, decode_all: bool) -> PhotoSet:
    """One folder, of which the last share in Keras' order becomes the validation photos."""
    inner = folder / settings.train_folder
    folder = inner if inner.is_dir() else folder
    if settings.labels == "inferred":
        classes = _classes(folder, settings)
        files = _listed(folder, classes, settings)
    else:
        classes = tuple(str(label) for label in sorted(set(_numbers(settings))))
        files = _explicitly_labelled(folder, settings)
    good, skipped = _readable([path for path, _ in files], settings, decode_all)
    files = _kept(files, good)
    _check_classes(folder, classes, files)
    files = _shuffled(files, settings)
    held_out = int(settings.validation_split * len(files))
    if not 0 < held_out < len(files):
        raise RunError(
            f"validation_split = {settings.validation_split:g} of {len(files)} photos leaves one "
            f"side empty."
        )
    parts = files[:-held_out], files[-held_out:]
    train, valid = reversed(parts) if settings.subset == "validation" else parts
    return PhotoSet(_photos(train, classes, good), _photos(valid, classes, good), tuple(skipped))


def _classes(folder: Path, settings: Settings) -> tuple[str, ...]:
    """Names of the class folders, in the order of their labels."""
    found = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    missing = sorted(set(settings.class_names) - set(found))
    if missing:
        raise RunError(
            f"class_names asks for {', '.join(missing)}, which {folder.name} does not hold "
            f"(it holds: {', '.join(found) or 'no folders'})."
        )
    classes = settings.class_names or tuple(found)
    if len(classes) < 2:
        raise RunError(
            f"{folder.name} holds {len(classes)} class folder(s) ({', '.join(classes) or 'none'}); "
            f"a classifier needs at least two, one folder for each class."
        )
    return tuple(classes)


def _listed(folder: Path, classes: Sequence[str], settings: Settings) -> Labelled:
    """Every file of every class, in the order in which Keras indexes them."""
    files: Labelled = []
    for label, name in enumerate(classes):
        of_class = list(_walk(folder / name, settings.follow_links))
        if not any(path.lower().endswith(EXTENSIONS) for path in of_class):
            raise RunError(f"the class folder {folder.name}/{name} holds no photos.")
        if 0 < settings.photos_per_class < len(of_class):
            drawn = random.Random(f"{settings.seed} {name}").sample(
                range(len(of_class)), settings.photos_per_class
            )
            of_class = [of_class[index] for index in sorted(drawn)]
        files += [(path, label) for path in of_class]
    return files


def _explicitly_labelled(folder: Path, settings: Settings) -> Labelled:
    """Every photo of the folder with its label from the list in the settings."""
    paths = [p for p in _walk(folder, settings.follow_links) if p.lower().endswith(EXTENSIONS)]
    if len(paths) != len(settings.labels):
        raise RunError(
            f"`labels` has {len(settings.labels)} items and {folder.name} {len(paths)} photos; "
            f"each photo needs one, in the order of the sorted paths."
        )
    labels = _numbers(settings)
    order = sorted(set(labels))
    return [(path, order.index(label)) for path, label in zip(paths, labels, strict=True)]


def _numbers(settings: Settings) -> tuple[int, ...]:
    """The list of labels, where `labels` is one."""
    return () if isinstance(settings.labels, str) else settings.labels


def _walk(folder: Path, follow_links: bool) -> Iterator[str]:
    """Paths of all files that are not hidden, in Keras' order."""
    walk = os.walk(folder, followlinks=follow_links)
    for root, _, names in sorted(walk, key=lambda each: each[0]):
        for name in sorted(names):
            if not name.startswith("."):
                yield os.path.join(root, name)  # noqa: PTH118 - Keras' own spelling of paths


def _readable(
    paths: list[str], settings: Settings, decode_all: bool
) -> tuple[dict[str, FileInspection], list[SkippedPhoto]]:
    """The photos that can be read, and the others; raises when those are too many."""
    good, skipped = inspect(
        paths,
        channels=settings.channels,
        max_megapixels=settings.max_megapixels,
        decode_all=decode_all,
    )
    for bad in skipped:
        session.say(f"skipped {bad.path}: {bad.reason}")
    if len(skipped) > settings.max_bad_share * len(paths):
        named = "\n".join(f"  {bad.path}: {bad.reason}" for bad in skipped[:_LISTED])
        more = f"\n  and {len(skipped) - _LISTED} more" if len(skipped) > _LISTED else ""
        raise RunError(
            f"{len(skipped)} of {len(paths)} photos cannot be read, more than the share of "
            f"max_bad_share = {settings.max_bad_share:g}:\n{named}{more}"
        )
    return good, skipped


def _kept(files: Labelled, good: dict[str, FileInspection]) -> Labelled:
    return [(path, label) for path, label in files if path in good]


def _check_classes(folder: Path, classes: Sequence[str], files: Labelled) -> None:
    left = {label for _, label in files}
    empty = [name for label, name in enumerate(classes) if label not in left]
    if empty:
        raise RunError(f"no photo of {', '.join(empty)} in {folder.name} can be read.")


def _shuffled(files: Labelled, settings: Settings) -> Labelled:
    """The files as Keras' index shuffles them before any batch is made."""
    if not settings.shuffle:
        return files
    import numpy as np

    order = list(range(len(files)))
    np.random.RandomState(dataset_seed(settings)).shuffle(order)
    return [files[index] for index in order]


def _photos(files: Labelled, classes: Sequence[str], good: dict[str, FileInspection]) -> Photos:
    paths = tuple(path for path, _ in files)
    labels = tuple(label for _, label in files)
    digests = tuple(good[path].digest for path in paths)
    sizes = {good[path].size for path in paths}
    return Photos(paths, labels, tuple(classes), digests, sizes.pop() if len(sizes) == 1 else ())
