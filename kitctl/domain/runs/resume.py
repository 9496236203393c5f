"""What a run goes on from: the outputs of an earlier one."""

from __future__ import annotations

from typing import NamedTuple


class Resume(NamedTuple):
    """The input with the outputs that a run goes on from, and the run that left them.

    `input` is `notebooks/owner/slug` or `datasets/owner/slug`, `run` is `owner/slug/12`.
    """

    input: str
    run: str
