"""`doctor`, as far as Kaggle must be asked: credentials, its clock, what the job mounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kitctl.domain.metadata import Sources
from kitctl.errors import KitError, hint_text
from kitctl.operations.doctor import DoctorCheck
from kitctl.ports import Kaggle

# Signed addresses and tokens are good for minutes; a clock this wrong breaks other things first.
SKEW_SECONDS = 60.0


def kaggle(connect: Callable[[], Kaggle], sources: Sources) -> Iterator[DoctorCheck]:
    """Whether Kaggle takes the credentials and shows the job's sources; sends nothing else."""
    try:
        client = connect()
        yield DoctorCheck("credentials", True, f"{client.credentials}, account {client.account()}")
        client.quota()
        yield _clock(client.clock_skew_seconds() or 0.0)
        yield _sources(client, sources)
    except KitError as error:
        yield DoctorCheck("credentials", False, error.message, hint_text(error.hint))


def _clock(skew: float) -> DoctorCheck:
    side = "ahead of" if skew > 0 else "behind"
    return DoctorCheck.of(
        "clock",
        abs(skew) < SKEW_SECONDS,
        f"{abs(skew):.0f} s {side} Kaggle's",
        "Set this machine's clock: kitctl reckons by Kaggle's, other programs do not.",
    )


def _sources(found: Kaggle, sources: Sources) -> DoctorCheck:
    problems = found.source_problems(sources)
    return DoctorCheck.of(
        "sources on Kaggle",
        not problems,
        " ".join(map(str, problems)) or f"{len(sources.all)} can be mounted",
        "Mend kernel-metadata.json.",
    )
