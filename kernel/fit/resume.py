"""The outputs of the session before, from which this one goes on."""

import os
from pathlib import Path

from kernel import session
from kernel.fit import checkpoints
from kernel.fit.checkpoints import Checkpoints
from kernel.session import RunError


def is_asked() -> bool:
    """Whether this session is to go on from the one before."""
    return bool(os.environ.get(session.EARLIER_OUTPUTS))


def check(own: Checkpoints) -> None:
    """Require that the session before, if there is one, trained what this one is to train.

    Otherwise its epochs would be trained once more, unsaid.

    Raises:
        RunError: All of its checkpoints are of other settings, weights or photos.
    """
    if not is_asked() or any(own.folder.glob("*.npz")):
        return
    earlier = Path(os.environ[session.EARLIER_OUTPUTS])
    files = sorted((earlier / checkpoints.FOLDER).glob("*.npz"))
    identities = {checkpoints.identity_of(file) for file in files} - {""}
    if not identities:
        what = "only damaged checkpoints" if files else "no checkpoint"
        session.say(f"resume: the session before left {what}, so all epochs are trained")
    elif own.identity not in identities:
        raise RunError(
            "the session before trained with other settings, weights or photos, so that its epochs "
            "cannot be continued. Push with the same ones, or without --resume."
        )
