"""Sending a job: guards, the ledger's intent, SaveKernel, the version it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kitctl.domain import gpu_use
from kitctl.domain.accelerators import SESSION_LIMIT_SECONDS
from kitctl.domain.forecast import forecast_run
from kitctl.domain.push_guards import (
    as_warnings,
    same_script_guard,
    sources_guard,
    under_way_guard,
)
from kitctl.domain.quota import QuotaReading
from kitctl.domain.quota_guards import Guard, quota_guard, sessions_guard
from kitctl.domain.runs import (
    Forecast,
    Intent,
    KernelRef,
    Run,
    RunRef,
    source_sha256,
)
from kitctl.errors import InvalidInput, KitError, Refused
from kitctl.operations.cancel import cancel
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.quota_reading import read_quota
from kitctl.operations.shared.reconcile import reconcile
from kitctl.operations.shared.reporter import Reporter
from kitctl.packing.bundle import Plan
from kitctl.packing.notebooks import without_outputs
from kitctl.ports import AnswerLost, Clock, Kaggle, Ledger, SavedVersion, SaveRequest

# After a push whose fate is not known: so long until Kaggle surely shows it if it took it.
SETTLING_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class PushOptions:
    """What to push and how far to go: past guards (`force`), over a run under way (`replace`)."""

    plan: Plan
    timeout_seconds: int | None = None
    force: bool = False
    replace: bool = False


@dataclass(frozen=True, kw_only=True)
class PushResult:
    """A job that Kaggle took."""

    run: Run
    url: str
    reading: QuotaReading | None
    warnings: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        intent = self.run.intent
        return {
            "run": self.run.name,
            "version": self.run.version,
            "url": self.url,
            "script_sha256": intent.script_sha256,
            "accelerator": intent.accelerator or "cpu",
            "forecast_seconds": intent.forecast.seconds,
            "timeout_seconds": intent.timeout_seconds,
            "quota": _quota_data(self.reading, intent.pool),
            "warnings": self.warnings,
        }


def save_request(plan: Plan, account: str, timeout_seconds: int | None) -> SaveRequest:
    """The request for a plan; an id without owner is the account's."""
    metadata = plan.metadata
    return SaveRequest(
        kernel=KernelRef(metadata.owner or account, metadata.slug),
        title=metadata.title,
        text=_text(plan),
        language=metadata.language,
        kernel_type=metadata.kernel_type,
        is_private=metadata.is_private,
        enable_gpu=metadata.enable_gpu,
        enable_tpu=metadata.enable_tpu,
        enable_internet=metadata.enable_internet,
        machine_shape=metadata.machine_shape,
        sources=metadata.sources,
        keywords=metadata.keywords,
        id_no=metadata.id_no,
        docker_image=metadata.docker_image,
        docker_image_pinning_type=metadata.docker_image_pinning_type,
        timeout_seconds=timeout_seconds,
    )


def _text(plan: Plan) -> str:
    """The code as Kaggle takes it: a notebook without outputs, each cell's source in one piece.

    Raises InvalidInput where it is no UTF-8 or no notebook.
    """
    try:
        text = plan.script.decode("utf-8")
        return without_outputs(text) if plan.metadata.kernel_type == "notebook" else text
    except ValueError as error:
        raise InvalidInput(
            f"{plan.metadata.code_file} cannot be read: {error}.",
            code="code_file",
            hint="Save it as UTF-8 text, a notebook as .ipynb.",
        ) from None


def push(
    order: PushOptions, kaggle: Kaggle, ledger: Ledger, clock: Clock, reporter: Reporter
) -> PushResult:
    """Checks, guards, writes down and sends; a run is never paid for twice.

    Raises Refused where a guard or Kaggle refuses: then nothing runs.
    """
    job = save_request(order.plan, kaggle.account(), order.timeout_seconds)
    with reporter.progress(f"Pushing {job.kernel}"):
        _check_owner(job.kernel, kaggle.account())
        reconcile(kaggle, ledger)
        newest = kaggle.newest_version(job.kernel)
        past = ledger.past_runs(kaggle.service, job.kernel, order.plan.metadata.pool)
        intent = _intent(order, job, kaggle, newest.run.version if newest else 0)
        intent = replace(intent, forecast=forecast_run(intent, past))
        reading = read_quota(kaggle, ledger) if intent.pool != "cpu" else None
        elsewhere = _under_way_elsewhere(newest.run if newest else None, kaggle, ledger)
        replaced = _replaced(order, intent, elsewhere, ledger)

        guards = [
            sources_guard(kaggle.source_problems(job.sources)),
            same_script_guard(
                intent,
                ledger.same_script_runs(kaggle.service, intent.account, intent.script_sha256),
            ),
            under_way_guard(intent, None if replaced else elsewhere),
            sessions_guard(intent),
            *([quota_guard(intent, reading, kaggle.now(), past)] if reading else []),
        ]
        judge = _Judge(
            [as_warnings(guard) for guard in guards] if order.force else guards,
            {found.record.id for found in replaced if found.record},
        )
        if replaced:
            # Nothing is cancelled for a push that would then be refused.
            judge(ledger.unfinished_runs(kaggle.service, intent.account))
            for found in replaced:
                cancel(found, kaggle, ledger, clock, reporter)
        run = ledger.admit(intent, judge)
        saved = _sent(job, run, kaggle, ledger)
        run = ledger.record_version(run.id, saved.run.kernel, saved.run.version, kaggle.now())
    metadata = order.plan.metadata
    return PushResult(
        run=run,
        url=saved.url or f"https://www.kaggle.com/code/{saved.run.kernel}",
        reading=reading,
        warnings=(
            *order.plan.warnings,
            *gpu_use.warnings(job.text, metadata.pool, metadata.machine_shape),
            *judge.warnings,
            *_moved(job.kernel, saved.run.kernel),
            *(
                f"Kaggle runs it without {name}: it knows no such source."
                for name in saved.invalid_sources
            ),
        ),
    )


class _Judge:
    """All guards on the runs that have not ended, those left out that are being replaced."""

    def __init__(self, guards: Sequence[Guard], replaced: set[int]) -> None:
        self._guards, self._replaced = guards, replaced
        self.warnings: list[str] = []

    def __call__(self, pending: Sequence[Run]) -> None:
        others = [run for run in pending if run.id not in self._replaced]
        self.warnings = [warning for guard in self._guards for warning in guard(others)]


def _check_owner(kernel: KernelRef, account: str) -> None:
    if kernel.owner.lower() != account.lower():
        raise Refused(
            f"The job's id is {kernel}, but the credentials are {account}'s. Nothing was sent.",
            code="wrong_account",
            hint=f'Write "id": "{kernel.slug}" in kernel-metadata.json: the owner is filled in.',
        )


def _intent(order: PushOptions, job: SaveRequest, kaggle: Kaggle, newest: int) -> Intent:
    plan, pool = order.plan, order.plan.metadata.pool
    epochs = plan.settings.get("epochs")
    return Intent(
        service=kaggle.service,
        account=kaggle.account(),
        kernel=job.kernel,
        script_sha256=plan.script_sha256,
        source_sha256=source_sha256(job.text),
        newest_before=newest,
        accelerator=job.machine_shape,
        pool=pool,
        settings=plan.settings,
        sources=job.sources.all,
        timeout_seconds=job.timeout_seconds,
        limit_seconds=min(
            job.timeout_seconds or SESSION_LIMIT_SECONDS[pool], SESSION_LIMIT_SECONDS[pool]
        ),
        epochs=epochs if isinstance(epochs, int) else None,
        forecast=Forecast(),
        written_at=kaggle.now(),
    )


def _under_way_elsewhere(newest: RunRef | None, kaggle: Kaggle, ledger: Ledger) -> RunRef | None:
    """The kernel's newest run, where it has not ended and was not pushed from here."""
    if newest is None or ledger.get(kaggle.service, newest) is not None:
        return None
    return None if kaggle.status(newest).status.ended else newest


def _replaced(
    order: PushOptions, intent: Intent, elsewhere: RunRef | None, ledger: Ledger
) -> list[TargetRun]:
    """The runs of this kernel that are to be cancelled first."""
    if not order.replace:
        return []
    known = [
        TargetRun(run.ref, run)
        for run in ledger.unfinished_runs(intent.service, intent.account)
        if run.ref is not None and run.intent.kernel == intent.kernel
    ]
    return [*known, *([TargetRun(elsewhere, None)] if elsewhere else [])]


def _sent(job: SaveRequest, run: Run, kaggle: Kaggle, ledger: Ledger) -> SavedVersion:
    try:
        return kaggle.save(job, run.intent.newest_before)
    except AnswerLost:
        ledger.record_lost_answer(run.id, kaggle.now() + SETTLING_SECONDS)
        raise
    except KitError:
        ledger.withdraw(run.id)
        raise


def _moved(asked: KernelRef, got: KernelRef) -> list[str]:
    if asked == got:
        return []
    return [f"Kaggle made {got} of it, after its title; write that id in kernel-metadata.json."]


def _quota_data(reading: QuotaReading | None, pool: str) -> Mapping[str, Any]:
    found = reading.pool(pool) if reading else None
    if reading is None or found is None:
        return {}
    return {
        "pool": pool,
        "used_seconds": found.used_seconds,
        "reserved_seconds": found.reserved_seconds,
        "allowed_seconds": found.allowed_seconds,
        "left_seconds": found.left_seconds,
        "estimated": reading.estimated,
    }
