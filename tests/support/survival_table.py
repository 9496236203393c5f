"""The table of what was survived: a row for each fault, a column for each command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from support.network_faults import DURATIONS, FAULTS

Case = tuple[str, str, str]
"""The fault, the command, and how long the fault lasts."""

COMMANDS = ("push", "follow", "wait", "logs", "cancel", "pull", "quota", "status")
WIDTH = 16


def draw_table(cases: Mapping[Case, int], survived: Mapping[Case, int]) -> Iterator[str]:
    """Yield the lines of a plain-text table: in each cell survived/cases for each duration."""
    if not cases:
        return
    yield f"survived/cases of each fault: {', '.join(DURATIONS)}"
    yield f"{'':14}" + "".join(f"{command:>{WIDTH}}" for command in COMMANDS)
    for fault in FAULTS:
        cells = (_cell(cases, survived, (fault,), command) for command in COMMANDS)
        yield f"{fault:14}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
    totals = (_cell(cases, survived, tuple(FAULTS), command) for command in COMMANDS)
    yield f"{'together':14}" + "".join(f"{cell:>{WIDTH}}" for cell in totals)
    yield f"{sum(survived.values())} of {sum(cases.values())} survived"


def _cell(
    cases: Mapping[Case, int], survived: Mapping[Case, int], faults: tuple[str, ...], command: str
) -> str:
    """Return `2/2 1/1 1/1`."""
    parts = []
    for duration in DURATIONS:
        keys = [(fault, command, duration) for fault in faults]
        alive, all_cases = (sum(counts.get(key, 0) for key in keys) for counts in (survived, cases))
        parts.append(f"{alive}/{all_cases}")
    return " ".join(parts)
