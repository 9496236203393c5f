"""Photos without labels, for the trained model to predict."""

from pathlib import Path

from kernel import session
from kernel.data import folders
from kernel.data.inspection import SkippedPhoto, inspect_files
from kernel.data.photos import Photos
from kernel.session import RunError
from kernel.settings.settings import Settings


def folder_of(settings: Settings) -> Path:
    """Return the folder `predict_folder`: in `data`, else an attached source, else a path.

    Raises:
        RunError: when there is none, or it holds no photos.
    """
    name = settings.predict_folder
    candidates = [folders.data_folder(settings) / name, *session.source_folders(name), Path(name)]
    folder = next((each for each in candidates if each.is_dir()), None)
    if folder is None:
        raise RunError(
            f"predict_folder = {name!r} is neither a folder of the photos nor attached (attached: "
            f"{session.attached_names()})."
        )
    if not folders.photo_paths(folder, settings.follow_links):
        raise RunError(f"predict_folder = {name!r} holds no photos.")
    return folder


def check_submission(settings: Settings, class_names: tuple[str, ...]) -> None:
    """Require that no column of a submission's probabilities is called like that of its files.

    Raises:
        RunError: when a class has that name, and each class gets a column.
    """
    if settings.submission_value != "probability" or len(class_names) == 2:
        return
    if settings.submission and settings.submission[0] in class_names:
        raise RunError(
            f"submission: a class is called {settings.submission[0]!r}, as is the column of the "
            f"files. Give the column another name."
        )


def find(settings: Settings, class_names: tuple[str, ...]) -> tuple[Photos, list[SkippedPhoto]]:
    """Return the photos below `predict_folder`, whose labels mean nothing, and unreadable ones.

    All are decoded once to find those that cannot be: one of them would end the run, after its
    training. In a rehearsal, `photos_per_class` limits their number too.

    Raises:
        RunError: as `folder_of`.
    """
    most = settings.photos_per_class if session.is_local() else 0
    paths = folders.photo_paths(folder_of(settings), settings.follow_links)[: most or None]
    readable, skipped = inspect_files(
        paths,
        channels=settings.channels,
        max_megapixels=settings.max_megapixels,
        decode_all=True,
    )
    of_pillow = any(each.of_pillow for each in readable.values())
    kept = tuple(path for path in paths if path in readable)
    return Photos(kept, (0,) * len(kept), class_names, of_pillow=of_pillow), skipped
