"""`push`: guards, the intent in the ledger, SaveKernel, the version that it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kitctl.domain.job import gpu_use
from kitctl.domain.job.accelerators import SESSION_LIMIT_SECONDS
from kitctl.domain.job.attached_inputs import missing_inputs
from kitctl.domain.job.same_source import source_sha256
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
    NOT_SHOWN_SECONDS,
    Forecast,
    Intent,
    KernelRef,
    Run,
    RunRef,
    Status,
)
from kitctl.errors import InvalidInput
from kitctl.operations.hours.quota_reading import read_quota
from kitctl.operations.sending.job_kernel import JobKernel, find_job_kernel
from kitctl.operations.sending.send_once import send_once
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.foreign_run import find_foreign_run, is_hidden
from kitctl.operations.watching.reconcile import reconcile
from kitctl.operations.watching.run_status import read_status
from kitctl.operations.watching.stop_run import stop_run
from kitctl.packing.bundle import Plan
from kitctl.ports import Clock, Kaggle, KernelVersion, Ledger, Reporter, SaveRequest


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


def save_request(plan: Plan, kernel: JobKernel, timeout_seconds: int | None) -> SaveRequest:
    """Return the request that saves a plan as the kernel's next version.

    Raises InvalidInput where the code is no UTF-8.
    """
    metadata = plan.metadata
    return SaveRequest(
        kernel=kernel.named,
        title=metadata.title,
        text=_code_text(plan),
        language=metadata.sent_language,
        kernel_type=metadata.kernel_type,
        is_private=metadata.is_private,
        enable_gpu=metadata.enable_gpu,
        enable_tpu=metadata.enable_tpu,
        enable_internet=metadata.enable_internet,
        machine_shape=metadata.machine_shape,
        sources=metadata.sources,
        keywords=metadata.keywords,
        id_no=kernel.number,
        docker_image=metadata.docker_image,
        docker_image_pinning_type=metadata.docker_image_pinning_type,
        timeout_seconds=timeout_seconds,
    )


def _code_text(plan: Plan) -> str:
    try:
        return plan.script.decode("utf-8")
    except ValueError as error:
        raise InvalidInput(
            f"{plan.metadata.code_file} cannot be read: {error}.",
            code="code_file",
            hint="Save it as UTF-8 text.",
        ) from None


def push(
    options: PushOptions, kaggle: Kaggle, ledger: Ledger, clock: Clock, reporter: Reporter
) -> PushResult:
    """Check, guard, record and send a job, so that no run is ever paid for twice.

    Raises Refused where a guard or Kaggle refuses: then nothing runs.
    """
    with reporter.progress(f"Pushing {options.plan.metadata.id}"):
        reconcile(kaggle, ledger, reporter)
        kernel = find_job_kernel(options.plan.metadata, kaggle, ledger)
        request = save_request(options.plan, kernel, options.timeout_seconds)
        request = replace(request, runs=options.runs)
        newest = kernel.newest
        past = ledger.past_runs(kaggle.service, kernel.kernel, options.plan.metadata.pool)
        needed = request.sources.without(options.stand_ins)
        sources = kaggle.source_versions(needed)
        intent = _intent(options.plan, request, kernel, kaggle, ledger)
        intent = replace(
            intent,
            source_versions={name: version.label for name, version in sources.items()},
            name=options.name,
            message=options.message,
        )
        intent = replace(intent, forecast=forecast_run(intent, past))
        reading = read_quota(kaggle, ledger) if intent.pool != "cpu" else None
        foreign = find_foreign_run(newest, kaggle, ledger)
        under_way = foreign.under_way if foreign else None
        replaced = _runs_to_replace(intent, under_way, ledger) if options.replace else []

        same_script = same_script_guard(
            intent,
            ledger.same_script_runs(kaggle.service, intent.account, intent.script_sha256),
            foreign.same_script(intent, sources.values()) if foreign else None,
            fetches_code=_fetches_code(options.plan),
        )
        missing = missing_inputs(options.plan.metadata, options.plan.settings)
        guards = [sources_guard([*kaggle.source_problems(needed), *missing])]
        # A version that is only saved takes no hours, and no session.
        running_guards = [
            as_warnings(same_script) if options.again else same_script,
            tpu_image_guard(intent),
            under_way_guard(intent, None if replaced else under_way),
            hidden_kernel_guard(intent, is_hidden(kernel.kernel, newest, kaggle, ledger)),
            sessions_guard(intent),
            *([quota_guard(intent, reading, kaggle.now(), past)] if reading else []),
        ]
        guards += running_guards if options.runs else []
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
        run, saved = send_once(request, run, kaggle, ledger, clock, reporter)
        if not options.runs:
            run = ledger.record_status(run.id, Status.NEW_SCRIPT, kaggle.now())
    return PushResult(
        run=run,
        url=saved.url or f"https://www.kaggle.com/code/{saved.run.kernel}",
        reading=reading,
        content=options.plan.content_data(),
        warnings=(
            *options.plan.warnings,
            *gpu_use.warnings(options.plan.code, intent.pool, intent.accelerator),
            *admission.warnings,
            *kernel.warnings,
            *_renamed_kernel(kernel, saved.run.kernel),
            *(
                f"Kaggle runs it without {name}: it knows no such source."
                for name in saved.invalid_sources
            ),
        ),
    )


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


def _intent(
    plan: Plan, request: SaveRequest, kernel: JobKernel, kaggle: Kaggle, ledger: Ledger
) -> Intent:
    pool = plan.metadata.pool
    longest = SESSION_LIMIT_SECONDS[pool]
    epochs = plan.settings.get("epochs")
    return Intent(
        service=kaggle.service,
        account=kaggle.account(),
        kernel=kernel.kernel,
        job_kernel=kernel.job_name,
        script_sha256=plan.script_sha256,
        source_sha256=source_sha256(request.text),
        newest_before=_newest_number(kernel.kernel, kernel.newest, kaggle, ledger),
        accelerator=request.machine_shape,
        pool=pool,
        is_packed=plan.is_job,
        settings=plan.settings,
        sources=request.sources.all,
        timeout_seconds=request.timeout_seconds,
        limit_seconds=min(request.timeout_seconds or longest, longest),
        epochs=epochs if isinstance(epochs, int) else None,
        forecast=Forecast(),
        arguments=plan.launch.arguments,
        environment=plan.launch.environment,
        git=plan.git,
        written_at=kaggle.now(),
    )


def _newest_number(
    kernel: KernelRef, newest: KernelVersion | None, kaggle: Kaggle, ledger: Ledger
) -> int:
    """Return the kernel's newest version, 0 for none; Kaggle may not show the last push yet."""
    shown = newest.run.version if newest else 0
    own = ledger.latest(kaggle.service, kernel)
    if own is None or kaggle.now() - (own.pushed_at or 0.0) > NOT_SHOWN_SECONDS:
        return shown
    return max(shown, own.version or 0)


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
