"""What a training starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel import session
from kernel.data import photos
from kernel.data.photos import PhotoSet
from kernel.fit.checkpoints import Checkpoints, fingerprint
from kernel.model import bases
from kernel.model.bases import Base
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class Start:
    """The photos of a run and its base, just built: the random numbers for the head come next."""

    settings: Settings
    photo_set: PhotoSet
    base: Base

    def with_seed(self, seed: int) -> "Start":
        """Return the start of a run with another seed, which may draw other photos."""
        settings = self.settings.changed(seed=seed)
        return prepare(settings, photos.find(settings, decode_all=self.photo_set.decoded))

    def checkpoints(self) -> Checkpoints:
        """Return the checkpoints of the runs with this start."""
        train, valid = self.photo_set.train, self.photo_set.valid
        photos: list[Sequence[Any]] = [train.digests, valid.digests]
        # Tables may have changed where the photos and the settings have not.
        if self.settings.labels_csv:
            photos += [train.labels, valid.labels]
        if train.weights:
            photos.append(train.weights)
        return Checkpoints(fingerprint(self.settings.as_trained(), self.base.digest, photos))


def prepare(settings: Settings, photo_set: PhotoSet) -> Start:
    """Seed everything and build the base: the course's order, with the head's weights drawn last.

    Raises:
        RunError: when there are no weights for the base, or they do not fit.
    """
    session.seed_all(settings.seed)
    return Start(settings, photo_set, bases.build(settings))
