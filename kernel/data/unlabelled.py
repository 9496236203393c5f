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
    if not any(map(folders.is_photo, folders.walk(folder, settings.follow_links))):
        raise RunError(f"predict_folder = {name!r} holds no photos.")
    return folder


def find(settings: Settings, class_names: tuple[str, ...]) -> tuple[Photos, list[SkippedPhoto]]:
    """Return the photos below `predict_folder`, whose labels mean nothing, and unreadable ones.

    With `photos_per_class`, so many photos are enough here too.

    Raises:
        RunError: as `folder_of`.
    """
    walk = folders.walk(folder_of(settings), settings.follow_links)
    paths = [*filter(folders.is_photo, walk)][: settings.photos_per_class or None]
    readable, skipped = inspect_files(
        paths, channels=settings.channels, max_megapixels=settings.max_megapixels
    )
    of_pillow = any(each.of_pillow for each in readable.values())
    kept = tuple(path for path in paths if path in readable)
    return Photos(kept, (0,) * len(kept), class_names, of_pillow=of_pillow), skipped
