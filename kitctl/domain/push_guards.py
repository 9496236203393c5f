"""What keeps a push from being sent twice, over a run under way, or without its inputs.

Guards as in `kitctl.domain.quota_guards`: each looks at the runs that have not ended, raises
Refused or returns warnings.
"""

from __future__ import annotations

from collections.abc import Sequence

from kitctl.domain.quota_guards import Guard
from kitctl.domain.runs import Intent, Run, RunRef, Status
from kitctl.errors import NextCommand, Problem, Refused


def same_script_guard(intent: Intent, twins: Sequence[Run]) -> Guard:
    """Refuses what already ran or is running: the same content, settings, sources and machine."""

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        running = [run for run in pending if run.intent.script_sha256 == intent.script_sha256]
        twin = next(iter([*running, *twins]), None)
        if twin is None:
            return []
        version = twin.version or ""
        if twin.status is Status.COMPLETE:
            said, hint = "has run already", NextCommand("pull-results", f"{version}")
        elif twin.status is Status.SENDING:
            said, hint = "is being sent already", NextCommand("runs")
        else:
            said, hint = f"is {twin.status.lower()} already", NextCommand("logs", f"-f {version}")
        raise Refused(
            f"This very script {said}, as {twin.name}; nothing was sent.",
            code="same_script",
            hint=(hint, "   (or push it once more with --force)"),
        )

    return guard


def under_way_guard(intent: Intent, elsewhere: RunRef | None) -> Guard:
    """Refuses a second run of a kernel that has one; `elsewhere`: one that was pushed by others."""

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        runs = [run.name for run in pending if run.intent.kernel == intent.kernel]
        if elsewhere:
            runs.append(str(elsewhere))
        if not runs:
            return []
        raise Refused(
            f"A run of this kernel is under way: {runs[-1]}; nothing was sent.",
            code="run_under_way",
            hint=NextCommand("push", "--replace", "cancels it first; or --force to run both"),
        )

    return guard


def sources_guard(problems: Sequence[Problem]) -> Guard:
    """Refuses a job whose inputs are not there: Kaggle would run it without them."""

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        if not problems:
            return []
        raise Refused(
            "Not all data sources of this job can be mounted; nothing was sent.",
            code="source_missing",
            problems=problems,
            hint="Mend kernel-metadata.json (or push all the same with --force).",
        )

    return guard


def as_warnings(guard: Guard) -> Guard:
    """The same guard, which only warns: what --force asks for."""

    def lenient(pending: Sequence[Run]) -> Sequence[str]:
        try:
            return guard(pending)
        except Refused as refused:
            return [
                refused.message.replace("; nothing was sent.", "."),
                *map(str, refused.problems),
            ]

    return lenient
