"""`compare`: find pulled runs and compare them."""

from __future__ import annotations

from collections.abc import Sequence

from kitctl.errors import UsageError
from kitctl.operations.results.compared_runs import ComparedRuns, compare_pulled
from kitctl.operations.results.pulled_run import PulledRuns


def compare(
    pulled_runs: PulledRuns, names: Sequence[str], *, metric: str | None, sort: str | None
) -> ComparedRuns:
    """Compare the runs of these names by a metric; None chooses one that all have.

    Raises UsageError where they are fewer than two, InvalidInput where one is not here, or none has
    the metric or the column to sort by.
    """
    runs = list({run.folder.resolve(): run for run in map(pulled_runs.find, names)}.values())
    if len(runs) < 2:
        raise UsageError(
            "Name two runs or more to compare.",
            code="too_few_runs",
            hint=f"All of these are {runs[0].name}." if len(names) > 1 else "",
        )
    return compare_pulled(runs, metric=metric, sort=sort)
