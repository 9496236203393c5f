"""What a push sends to Kaggle, and what the ledger holds of it before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from kitctl.domain.job.accelerators import SESSION_LIMIT_SECONDS
from kitctl.domain.job.same_source import source_sha256
from kitctl.domain.runs.run import NOT_SHOWN_SECONDS, Forecast, Intent, KernelRef
from kitctl.errors import InvalidInput
from kitctl.operations.sending.job_kernel import JobKernel
from kitctl.packing.plan import Plan
from kitctl.ports import Kaggle, KernelVersion, Ledger, SaveRequest, SourceVersion


def save_request(
    plan: Plan, kernel: JobKernel, timeout_seconds: int | None, *, runs: bool
) -> SaveRequest:
    """Return the request that saves a plan as the kernel's next version.

    Raises InvalidInput where the code is no UTF-8.
    """
    metadata = plan.metadata
    return SaveRequest(
        kernel=kernel.request_name,
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
        runs=runs,
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


def push_intent(
    plan: Plan,
    request: SaveRequest,
    kernel: JobKernel,
    sources: Mapping[str, SourceVersion],
    kaggle: Kaggle,
    ledger: Ledger,
) -> Intent:
    """Return what the ledger is to hold of a push before it is sent, still without a forecast."""
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
        source_versions={name: version.label for name, version in sources.items()},
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
