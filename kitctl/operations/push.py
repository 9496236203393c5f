"""`push`: guards, the intent in the ledger, SaveKernel, the version that it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kitctl.domain.job import gpu_use
from kitctl.domain.job.attached_inputs import missing_inputs
from kitctl.domain.quota.forecast import forecast_run
from kitctl.domain.quota.push_guards import (
    as_warnings,
    fetches_code,
    hidden_kernel_guard,
    same_script_guard,
    sources_guard,
    tpu_image_guard,
    under_way_guard,
)
from kitctl.domain.quota.quota import QuotaReading
from kitctl.domain.quota.quota_guards import Guard, quota_guard, sessions_guard
from kitctl.domain.runs.run import (
    Intent,
    KernelRef,
    Run,
    RunRef,
    Status,
)
from kitctl.operations.hours.quota_reading import read_quota
from kitctl.operations.sending.job_kernel import JobKernel, find_job_kernel
from kitctl.operations.sending.push_intent import push_intent, save_request
from kitctl.operations.sending.send_once import send_once
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.foreign_run import ForeignRun, find_foreign_run, is_hidden
from kitctl.operations.watching.reconcile import reconcile
from kitctl.operations.watching.run_status import read_status
from kitctl.operations.watching.stop_run import stop_run
from kitctl.packing.plan import Plan
from kitctl.ports import Clock, Kaggle, Ledger, Reporter, SaveRequest, SourceVersion


@dataclass(frozen=True, kw_only=True)
class PushOptions:
    """What to push; past all guards (`force`) or that of the same script (`again`), or over a run
    under way (`replace`).

    Where not `runs`, the version is saved only. `name` and `message` are the user's own words on
    the run. Folders of this machine stand for the sources `stand_ins` at the local Kaggle.
    """

    plan: Plan
    timeout_seconds: int | None = None
    force: bool = False
    again: bool = False
    replace: bool = False
    runs: bool = True
    name: str = ""
    message: str = ""
    stand_ins: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class PushResult:
    """A run that Kaggle accepted."""

    run: Run
    url: str
    reading: QuotaReading | None
    warnings: tuple[str, ...]
    content: Mapping[str, Any]
    waited_seconds: float = 0.0

    def as_data(self) -> dict[str, Any]:
        intent = self.run.intent
        return {
            **self.content,
            "run": self.run.name,
            "version": self.run.version,
            "url": self.url,
            "script_sha256": intent.script_sha256,
            "accelerator": intent.accelerator or "cpu",
            "forecast_seconds": intent.forecast.seconds,
            "timeout_seconds": intent.timeout_seconds,
            "quota": _quota_data(self.reading, intent.pool),
            "warnings": self.warnings,
            "waited_seconds": self.waited_seconds,
            "name": intent.name or None,
            "message": intent.message or None,
            "started": self.run.status is not Status.NEW_SCRIPT,
        }


@dataclass(frozen=True, kw_only=True)
class _Situation:
    """What is known before a push: its request and intent, and what could be in its way.

    `foreign` is the kernel's newest run, where it was not pushed from here.
    """

    kernel: JobKernel
    request: SaveRequest
    intent: Intent
    sources: Mapping[str, SourceVersion]
    past: Sequence[Run]
    reading: QuotaReading | None
    foreign: ForeignRun | None

    @property
    def foreign_under_way(self) -> RunRef | None:
        return self.foreign.in_the_way_of(self.intent) if self.foreign else None


def push(
    options: PushOptions, kaggle: Kaggle, ledger: Ledger, clock: Clock, reporter: Reporter
) -> PushResult:
    """Check, guard, record and send a job, so that no run is ever paid for twice.

    Raises Refused where a guard or Kaggle refuses: then nothing runs.
    """
    with reporter.progress(f"Pushing {options.plan.metadata.id}"):
        reconcile(kaggle, ledger, reporter)
        situation = _read_situation(options, kaggle, ledger)
        intent, foreign_run = situation.intent, situation.foreign_under_way
        replaced = _runs_to_replace(intent, foreign_run, ledger) if options.replace else []
        guards = _guards(options, situation, kaggle, ledger)
        admission = _Admission(
            [as_warnings(guard) for guard in guards] if options.force else guards,
            {target.record.id for target in replaced if target.record},
        )
        if replaced:
            # Nothing is cancelled for a push that would then be refused.
            admission(ledger.unfinished_runs(kaggle.service, intent.account))
            for target in replaced:
                if not read_status(target, kaggle, ledger).status.ended:
                    stop_run(target, kaggle, ledger, clock, reporter)
        run = ledger.admit(intent, admission)
        run, saved = send_once(situation.request, run, kaggle, ledger, clock, reporter)
        if not options.runs:
            run = ledger.record_status(run.id, Status.NEW_SCRIPT, kaggle.now())
    return PushResult(
        run=run,
        url=saved.url or f"https://www.kaggle.com/code/{saved.run.kernel}",
        reading=situation.reading,
        content=options.plan.content_data(),
        warnings=(
            *options.plan.warnings,
            *gpu_use.warnings(options.plan.code, intent.pool, intent.accelerator),
            *admission.warnings,
            *situation.kernel.warnings,
            *_renamed_kernel(situation.kernel, saved.run.kernel),
            *(
                f"Kaggle runs it without {name}: it knows no such source."
                for name in saved.invalid_sources
            ),
        ),
    )


def check_room(options: PushOptions, kaggle: Kaggle, ledger: Ledger, reporter: Reporter) -> None:
    """Raise Refused where a push would be refused whatever data it reads.

    It is asked before the data are uploaded, which may take hours.
    """
    if options.force or not options.runs:
        return
    with reporter.progress(f"Checking {options.plan.metadata.id}"):
        reconcile(kaggle, ledger, reporter)
        situation = _read_situation(options, kaggle, ledger)
        guards = _guards_of_run(options, situation, kaggle, ledger)
        intent = situation.intent
        replaced = (
            _runs_to_replace(intent, situation.foreign_under_way, ledger) if options.replace else []
        )
        admission = _Admission(guards, {target.record.id for target in replaced if target.record})
        admission(ledger.unfinished_runs(kaggle.service, intent.account))


def _read_situation(options: PushOptions, kaggle: Kaggle, ledger: Ledger) -> _Situation:
    """Ask Kaggle and the ledger for all that the guards need to know."""
    plan = options.plan
    kernel = find_job_kernel(plan.metadata, kaggle, ledger)
    request = save_request(plan, kernel, options.timeout_seconds, runs=options.runs)
    past = ledger.past_runs(kaggle.service, kernel.kernel, plan.metadata.pool)
    sources = kaggle.source_versions(request.sources.without(options.stand_ins))
    intent = push_intent(plan, request, kernel, sources, kaggle, ledger)
    intent = replace(intent, name=options.name, message=options.message)
    return _Situation(
        kernel=kernel,
        request=request,
        intent=replace(intent, forecast=forecast_run(intent, past)),
        sources=sources,
        past=past,
        reading=read_quota(kaggle, ledger) if intent.pool != "cpu" else None,
        foreign=find_foreign_run(kernel.newest, kaggle, ledger),
    )


def _guards(
    options: PushOptions, situation: _Situation, kaggle: Kaggle, ledger: Ledger
) -> list[Guard]:
    """Return the guards of a push; those of a version that is only saved are fewer."""
    plan, intent, foreign = options.plan, situation.intent, situation.foreign
    problems = kaggle.source_problems(situation.request.sources.without(options.stand_ins))
    sources = sources_guard([*problems, *missing_inputs(plan.metadata, plan.settings)])
    if not options.runs:  # It takes no hours, and no session.
        return [sources]
    same_script = same_script_guard(
        intent,
        ledger.same_script_runs(kaggle.service, intent.account, intent.script_sha256),
        foreign.same_script(intent, situation.sources.values()) if foreign else None,
        fetches_code=_fetches_code(plan),
    )
    return [
        sources,
        as_warnings(same_script) if options.again else same_script,
        *_guards_of_run(options, situation, kaggle, ledger),
    ]


def _guards_of_run(
    options: PushOptions, situation: _Situation, kaggle: Kaggle, ledger: Ledger
) -> list[Guard]:
    """Return the guards that do not depend on the data that the run reads."""
    intent, kernel, reading = situation.intent, situation.kernel, situation.reading
    hidden = is_hidden(kernel.kernel, kernel.newest, kaggle, ledger)
    under_way = None if options.replace else situation.foreign_under_way
    return [
        tpu_image_guard(intent),
        under_way_guard(intent, under_way),
        hidden_kernel_guard(intent, hidden),
        sessions_guard(intent),
        *([quota_guard(intent, reading, kaggle.now(), situation.past)] if reading else []),
    ]


def _fetches_code(plan: Plan) -> bool:
    text = "\n".join([plan.code, *plan.launch.requirements])
    return plan.metadata.enable_internet and fetches_code(text)


class _Admission:
    """The guards, applied to the runs that have not ended, without those being replaced."""

    def __init__(self, guards: Sequence[Guard], replaced: set[int]) -> None:
        self._guards, self._replaced = guards, replaced
        self.warnings: list[str] = []

    def __call__(self, pending: Sequence[Run]) -> None:
        others = [run for run in pending if run.id not in self._replaced]
        self.warnings = [warning for guard in self._guards for warning in guard(others)]


def _runs_to_replace(intent: Intent, foreign: RunRef | None, ledger: Ledger) -> list[TargetRun]:
    """Return the runs of this kernel that are to be cancelled first."""
    own = [
        TargetRun(run.ref, run)
        for run in ledger.unfinished_runs(intent.service, intent.account)
        if run.ref is not None and run.intent.kernel == intent.kernel
    ]
    return [*own, *([TargetRun(foreign, None)] if foreign else [])]


def _renamed_kernel(kernel: JobKernel, saved: KernelRef) -> list[str]:
    if saved == kernel.job_name or (kernel.newest is not None and saved == kernel.kernel):
        return []
    return [f"Kaggle made {saved} of it, after its title; write that id in kernel-metadata.json."]


def _quota_data(reading: QuotaReading | None, pool_name: str) -> Mapping[str, Any]:
    pool = reading.pool(pool_name) if reading else None
    if reading is None or pool is None:
        return {}
    return {
        "pool": pool_name,
        "used_seconds": pool.used_seconds,
        "reserved_seconds": pool.reserved_seconds,
        "allowed_seconds": pool.allowed_seconds,
        "left_seconds": pool.left_seconds,
        "estimated": reading.estimated,
    }
