"""Guards against a push that is sent twice, during another run, or without its inputs.

Guards as in `kitctl.domain.quota.quota_guards`: each is called with the runs that have not ended,
and raises Refused or returns warnings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kitctl.domain.job.source_names import UncheckedSource
from kitctl.domain.quota.quota_guards import Guard
from kitctl.domain.runs import durations
from kitctl.domain.runs.groups import group_of_run, run_beside_each_other
from kitctl.domain.runs.run import Intent, Run, RunRef, Status
from kitctl.errors import NextCommand, Problem, Refused


class SourceNotReady(Problem):
    """A data source that Kaggle is still processing."""


_OUTCOME = re.compile(r"(?:; nothing was sent|\. Nothing runs)?\.?$")
_FETCHES_CODE = re.compile(r"\bgit[\"',\s]+clone\b|\bgit\+(https?|ssh|file)://|Repo\.clone_from\(")


def fetches_code(text: str) -> bool:
    """Return whether a job's code fetches code of somewhere else when it runs."""
    return bool(_FETCHES_CODE.search(text))


class SameScriptElsewhere(NamedTuple):
    """A run of the very script that Kaggle shows and the ledger does not know."""

    run: RunRef
    status: Status


def same_script_guard(
    intent: Intent,
    earlier: Sequence[Run],
    elsewhere: SameScriptElsewhere | None = None,
    *,
    fetches_code: bool = False,
) -> Guard:
    """Return the guard that refuses a script that has run or is running already in this kernel.

    The same script has the same content, settings, machine and sources, in the same versions. A
    warning says that another kernel has run it: its name was changed on purpose.
    `earlier` are the runs of it that the ledger knows, `elsewhere` one that only Kaggle knows. One
    that fetches code, such as by `git clone`, may be another one when it runs next.
    """

    def is_same(run: Run) -> bool:
        if run.intent.script_sha256 != intent.script_sha256 or (fetches_code and run.status.ended):
            return False
        # A version that was not known then, or is not now, proves nothing.
        known = run.intent.source_versions
        now = intent.source_versions
        return all(known[name] == now[name] for name in known.keys() & now.keys())

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        alike = list(filter(is_same, [*pending, *earlier]))
        same = next((run for run in alike if _is_same_job(run.intent, intent)), None)
        if same is not None and same.status is Status.SENDING:
            raise _being_sent(same, intent.written_at)
        if same is not None:
            raise _same_script(same.status, same.name, f"{same.ref or ''}")
        if elsewhere is not None and not (fetches_code and elsewhere.status.ended):
            run = elsewhere.run
            raise _same_script(elsewhere.status, f"{run}", f"{run}")
        return [f"Another kernel has this very script: {alike[0].name}."] if alike else []

    return guard


def _is_same_job(intent: Intent, other: Intent) -> bool:
    """Return whether two pushes are of one kernel; Kaggle or its owner may have renamed it."""
    is_renamed = intent.job_kernel is not None and intent.job_kernel == other.job_kernel
    return intent.kernel == other.kernel or is_renamed


def hidden_kernel_guard(intent: Intent, is_hidden: bool) -> Guard:
    """Return the guard that refuses to push to a kernel whose versions Kaggle does not show yet."""

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        if is_hidden:
            raise Refused(
                f"Kaggle lists {intent.kernel}, but does not show what it runs: it may have been"
                " pushed from elsewhere a moment ago; nothing was sent.",
                code="kernel_not_shown",
                hint=(
                    NextCommand("push", note="in some minutes"),
                    "   (or now: ",
                    NextCommand("push", "--force"),
                    ")",
                ),
            )
        return []

    return guard


def _same_script(status: Status, name: str, run: str) -> Refused:
    if status is Status.COMPLETE:
        state, hint = "has run already", NextCommand("pull-results", "RUN", run=run)
    else:
        state, hint = f"is {status.label} already", NextCommand("logs", "-f RUN", run=run)
    return Refused(
        f"This very script {state}, as {name}; nothing was sent.",
        code="same_script",
        hint=(hint, "   (or run it once more: ", NextCommand("push", "--again"), ")"),
    )


def _being_sent(run: Run, now: float) -> Refused:
    left = durations.describe(max(60.0, run.sending_until - now))
    return Refused(
        f"This very script is being sent already, as {run.name}, or the answer to that was lost;"
        " nothing was sent.",
        code="same_script",
        hint=(
            NextCommand("runs", note="asks Kaggle what became of it"),
            f"   (what Kaggle does not show in {left} did not run; --force does not wait)",
        ),
    )


def under_way_guard(intent: Intent, foreign: RunRef | None) -> Guard:
    """Return the guard that refuses a second run of a kernel that has one under way.

    Shards of one group run beside each other, and trials of one sweep. `foreign` is a run under way
    that was not pushed from here.
    """
    group = group_of_run(intent.environment)

    def is_in_the_way(run: Run) -> bool:
        other = group_of_run(run.intent.environment)
        return run.intent.kernel == intent.kernel and not run_beside_each_other(group, other)

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        runs = [run.name for run in pending if is_in_the_way(run)]
        if foreign:
            runs.append(str(foreign))
        if not runs:
            return []
        raise Refused(
            f"A run of this kernel is under way: {runs[-1]}; nothing was sent.",
            code="run_under_way",
            hint=NextCommand("push", "--replace", "cancels it first; or --force to run both"),
        )

    return guard


def sources_guard(problems: Sequence[Problem]) -> Guard:
    """Return the guard that refuses a job with missing inputs: Kaggle would run it without."""

    missing = [problem for problem in problems if not isinstance(problem, UncheckedSource)]

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        if not missing:
            return [str(problem) for problem in problems]
        if all(isinstance(problem, SourceNotReady) for problem in missing):
            raise Refused(
                "Kaggle is still processing data sources of this job; nothing was sent.",
                code="source_not_ready",
                problems=missing,
                hint=NextCommand("push", "--when-free", "waits for them"),
            )
        raise Refused(
            "Not all data sources of this job can be mounted; nothing was sent.",
            code="source_missing",
            problems=missing,
            hint=(
                "Fix kernel-metadata.json (or push all the same: ",
                NextCommand("push", "--force"),
                ")",
            ),
        )

    return guard


def tpu_image_guard(intent: Intent) -> Guard:
    """Return the guard that refuses a TPU, which Kaggle may give an image that cannot use it."""

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        if intent.pool != "tpu":
            return []
        raise Refused(
            "Kaggle may run this push in an image without TPU support, as it has since September"
            " 2026: the TPU's hours would pass unused; nothing was sent.",
            code="tpu_image",
            hint=(
                NextCommand("push", "--accelerator t4x2"),
                "   (or push it all the same with --force; kitctl's own job then ends in seconds"
                " where TensorFlow sees no TPU)",
            ),
        )

    return guard


def reason_of(refused: Refused) -> str:
    """Return why a guard refuses, without what it says of the push and without a full stop."""
    return _OUTCOME.sub("", refused.message)


def as_warnings(guard: Guard) -> Guard:
    """Return a guard that only warns where the given one refuses, as --force wants it."""

    def lenient(pending: Sequence[Run]) -> Sequence[str]:
        try:
            return guard(pending)
        except Refused as refused:
            return [f"{reason_of(refused)}.", *map(str, refused.problems)]

    return lenient
