"""The port `Kaggle` on Kaggle's own API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from kitctl.adapters.kaggle import log_stream
from kitctl.adapters.kaggle.answers import Again, NotShown
from kitctl.adapters.kaggle.sources import source_problem
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.metadata import Sources
from kitctl.domain.quota import PoolReading, QuotaReading
from kitctl.domain.runs import KernelRef, RunRef, Status, source_sha256
from kitctl.domain.weeks import seconds_of
from kitctl.errors import InvalidInput, NetworkFailed, Problem, Refused
from kitctl.ports import AnswerLost, Job, LogLine, OutputFile, Saved, State, Version

_KERNELS = "kernels.KernelsApiService"

# The most that Kaggle lists at once; it gives 20 unless asked.
PAGE_SIZE = 200

# A push whose answer was lost: how often and after how many seconds Kaggle is asked for it.
LOOKS_AFTER = (0.5, 2.0, 5.0)


class KaggleApi:
    """Kaggle as one account sees it; `service` names whose books the ledger writes."""

    def __init__(self, service: str, transport: Transport) -> None:
        self.service = service
        self._transport = transport
        self._account = transport.credentials.username

    @property
    def credentials(self) -> str:
        """Which credentials are used and where they come from; not what they are."""
        return str(self._transport.credentials)

    def account(self) -> str:
        if not self._account:
            self._account = self._introspected()
        return self._account

    def now(self) -> float:
        return self._transport.clock.now()

    def clock_skew_seconds(self) -> float | None:
        offset = self._transport.clock.offset_seconds
        return None if offset is None else -offset

    def newest(self, kernel: KernelRef) -> Version | None:
        return self._version(kernel, None)

    def version(self, run: RunRef) -> Version | None:
        return self._version(run.kernel, run)

    def save(self, job: Job, newest_before: int) -> Saved:
        # Not repeatable: what was sent may run although its answer is lost, so look before sending
        # again.
        in_doubt = False

        def once() -> Saved:
            nonlocal in_doubt
            try:
                return self._saved(job)
            except Again as lost:
                in_doubt = in_doubt or not lost.refused
                found = self._look_for(job, newest_before) if in_doubt else None
                if found is None:
                    raise
                return found

        try:
            return self._transport.repeated(once)
        except NetworkFailed as error:
            raise _answer_lost(error) if in_doubt else error from None

    def state(self, run: RunRef) -> State:
        from kagglesdk.kernels.types import kernels_api_service as types

        request = types.ApiGetKernelSessionStatusRequest()
        request.user_name, request.kernel_slug = run.kernel.owner, run.kernel.slug
        request.version_label = run.label
        try:
            answer = self._call(
                "GetKernelSessionStatus", request, types.ApiGetKernelSessionStatusResponse
            )
        except NotShown as error:
            raise NotShown(
                f"Kaggle shows no run {run} to this account.",
                words=error.words,
                hint="kitctl runs   (lists the runs that were pushed from here)",
            ) from None
        return State(Status(answer.status.name), answer.failure_message or "")

    def outputs(self, run: RunRef) -> Iterator[OutputFile]:
        token = ""
        while True:
            page = self._output_page(run, PAGE_SIZE, token)
            for file in page.files:
                yield OutputFile(file.file_name or "", file.url or "")
            if not page.next_page_token or page.next_page_token == token:
                return
            token = page.next_page_token

    def log(self, run: RunRef) -> list[LogLine]:
        return log_stream.lines_of(self._output_page(run, 1, "").log or "")

    def log_so_far(self, run: RunRef) -> Iterator[LogLine]:
        return log_stream.so_far(self._transport, run)

    def follow_log(self, run: RunRef) -> Iterator[LogLine]:
        return log_stream.follow(self._transport, run)

    def cancel(self, session_id: int) -> None:
        from kagglesdk.kernels.types import kernels_api_service as types

        request = types.ApiCancelKernelSessionRequest()
        request.kernel_session_id = session_id
        try:
            answer = self._call(
                "CancelKernelSession", request, types.ApiCancelKernelSessionResponse
            )
        except NotShown as error:
            raise _not_cancelled(error.words) from None
        if answer.error_message:
            raise _not_cancelled(answer.error_message)

    def quota(self) -> QuotaReading:
        from kagglesdk.kernels.types import kernels_api_service as types

        request = types.ApiGetAcceleratorQuotaStatisticsRequest()
        answer = self._call(
            "GetAcceleratorQuotaStatistics",
            request,
            types.ApiGetAcceleratorQuotaStatisticsResponse,
        )
        pools = {"gpu": answer.gpu_quota, "tpu": answer.tpu_quota}
        refreshes = answer.quota_refresh_time
        return QuotaReading(
            read_at=self.now(),
            refreshes_at=None if refreshes is None else seconds_of(refreshes),
            pools=tuple(_pool(name, quota) for name, quota in pools.items() if quota is not None),
        )

    def source_problems(self, sources: Sources) -> tuple[Problem, ...]:
        asked = [
            *(("dataset", source) for source in sources.datasets),
            *(("kernel", source) for source in sources.kernels),
        ]
        found = (source_problem(self._transport, kind, source) for kind, source in asked)
        return tuple(problem for problem in found if problem is not None)

    # How it is asked.

    def _call(self, method: str, request: Any, answer: Any, *, repeat: bool = True) -> Any:
        return self._transport.call(_KERNELS, method, request, answer, repeat=repeat)

    def _introspected(self) -> str:
        from kagglesdk.security.types import oauth_service as types

        request = types.IntrospectTokenRequest()
        request.token = self._transport.credentials.secret
        try:
            answer = self._transport.call(
                "security.OAuthService",
                "IntrospectToken",
                request,
                types.IntrospectTokenResponse,
            )
        except InvalidInput:
            answer = None
        if answer is None or not answer.active or not answer.username:
            raise Refused(
                f"Kaggle does not accept the {self.credentials}.",
                code="bad_credentials",
                hint="Make a new token at https://www.kaggle.com/settings",
            )
        return str(answer.username)

    def _version(self, kernel: KernelRef, run: RunRef | None) -> Version | None:
        from kagglesdk.kernels.types import kernels_api_service as types

        request = types.ApiGetKernelRequest()
        request.user_name, request.kernel_slug = kernel.owner, kernel.slug
        request.version_label = run.label if run else None
        try:
            answer = self._call("GetKernel", request, types.ApiGetKernelResponse)
        except NotShown:
            return None
        held = answer.metadata
        number = run.version if run else held.current_version_number if held else None
        if not number:
            return None
        return Version(
            RunRef(kernel, number),
            (answer.blob.source if answer.blob else None) or "",
            held.machine_shape or "",
        )

    def _saved(self, job: Job) -> Saved:
        from kagglesdk.kernels.types import kernels_api_service as types

        try:
            answer = self._call(
                "SaveKernel", _request(job), types.ApiSaveKernelResponse, repeat=False
            )
        except NotShown as error:
            raise _push_refused(error.words) from None
        if answer.error:
            raise _push_refused(answer.error)
        if not answer.version_number:
            raise Again(NetworkFailed("Kaggle named no version of the push."))
        invalid = (
            answer.invalid_dataset_sources
            + answer.invalid_kernel_sources
            + answer.invalid_competition_sources
            + answer.invalid_model_sources
        )
        kernel = _kernel_of(answer.ref, answer.url, job.kernel)
        return Saved(RunRef(kernel, answer.version_number), answer.url or "", tuple(invalid))

    def _look_for(self, job: Job, newest_before: int) -> Saved | None:
        """The version that a push with a lost answer made, if it made one."""
        wanted = source_sha256(job.text)
        for pause in LOOKS_AFTER:
            time.sleep(pause)
            newest = self.newest(job.kernel)
            is_new = newest is not None and newest.run.version > newest_before
            if newest and is_new and source_sha256(newest.source) == wanted:
                return Saved(newest.run, "")
        return None

    def _output_page(self, run: RunRef, size: int, token: str) -> Any:
        from kagglesdk.kernels.types import kernels_api_service as types

        request = types.ApiListKernelSessionOutputRequest()
        request.user_name, request.kernel_slug = run.kernel.owner, run.kernel.slug
        request.version_label = run.label
        request.page_size = size
        request.page_token = token or None
        return self._call(
            "ListKernelSessionOutput", request, types.ApiListKernelSessionOutputResponse
        )


def _request(job: Job) -> Any:
    from kagglesdk.kernels.types import kernels_api_service as types
    from kagglesdk.kernels.types.kernels_enums import KernelExecutionType

    request = types.ApiSaveKernelRequest()
    request.slug = str(job.kernel)
    request.new_title = job.title
    request.text = job.text
    request.language = job.language
    request.kernel_type = job.kernel_type
    request.is_private = job.is_private
    request.enable_gpu = job.enable_gpu
    request.enable_tpu = job.enable_tpu
    request.enable_internet = job.enable_internet
    request.machine_shape = job.machine_shape or None
    request.dataset_data_sources = list(job.sources.datasets)
    request.kernel_data_sources = list(job.sources.kernels)
    request.competition_data_sources = list(job.sources.competitions)
    request.model_data_sources = list(job.sources.models)
    request.category_ids = list(job.keywords)
    request.id = job.id_no
    request.docker_image = job.docker_image or None
    request.docker_image_pinning_type = job.docker_image_pinning_type or None
    request.session_timeout_seconds = job.timeout_seconds
    request.kernel_execution_type = KernelExecutionType.SAVE_AND_RUN_ALL
    return request


def _kernel_of(ref: str, url: str, asked: KernelRef) -> KernelRef:
    """Where Kaggle put it: a new kernel's slug is made from its title."""
    parts = (ref or urlsplit(url or "").path).strip("/").split("/")
    return KernelRef(parts[-2], parts[-1]) if len(parts) >= 2 and all(parts[-2:]) else asked


def _pool(name: str, quota: Any) -> PoolReading:
    def seconds(span: Any) -> float:
        return span.total_seconds() if span is not None else 0.0

    return PoolReading(
        name=name,
        used_seconds=seconds(quota.time_used),
        reserved_seconds=seconds(quota.time_reserved),
        allowed_seconds=seconds(quota.total_time_allowed),
    )


def _answer_lost(error: NetworkFailed) -> AnswerLost:
    return AnswerLost(
        f"{error.message} Whether Kaggle took the push is not known yet; the ledger keeps it.",
        hint="kitctl runs   (asks Kaggle what became of it; push again only then)",
    )


def _push_refused(words: str) -> Refused:
    return Refused(
        f'Kaggle refused the push: "{words}" Nothing runs.',
        code="push_refused",
        hint="kitctl quota   (what is left, and what runs)",
    )


def _not_cancelled(words: str) -> Refused:
    return Refused(
        f'Kaggle did not cancel the run; it goes on. It says: "{words}"',
        code="not_cancelled",
        hint="Stop it on its page at kaggle.com: ⋮ → Cancel run.",
    )
