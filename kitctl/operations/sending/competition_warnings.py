"""What a competition will refuse later, said before the push that would spend hours on it."""

from __future__ import annotations

from kitctl.domain.job.metadata import Metadata
from kitctl.errors import KitError
from kitctl.ports import CompetitionService


def competition_warnings(metadata: Metadata, competitions: CompetitionService) -> list[str]:
    """Return what a code competition among a job's sources will not take."""
    warnings = []
    for slug in metadata.sources.competitions:
        try:
            competition = competitions.find(slug)
        except KitError:
            continue  # The push itself says what Kaggle does not answer.
        if competition and competition.is_code_only and metadata.enable_internet:
            warnings.append(
                f"{slug} takes no run that had the internet on: set"
                ' "enable_internet": false in kernel-metadata.json.'
            )
    return warnings
