"""Photos that are both trained and validated on."""

from kernel.data.photos import PhotoSet


def overlap(photo_set: PhotoSet) -> str:
    """Return a warning where photos are on both sides of the split, else nothing."""
    trained = set(photo_set.train.digests)
    shared = sum(digest in trained for digest in photo_set.valid.digests)
    if not shared:
        return ""
    return (
        f"overlap: {shared} of {len(photo_set.valid)} photos to validate on are also among those "
        f"to train on, so that the validation looks better than it is."
    )
