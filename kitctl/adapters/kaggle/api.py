"""The port `Kaggle` on Kaggle's own API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kitctl.adapters.kaggle import log_stream, outputs, wire
from kitctl.adapters.kaggle.errors import InDoubt, NotVisible, bad_credentials
from kitctl.adapters.kaggle.log_stream import QUIET_SECONDS
from kitctl.adapters.kaggle.push_errors import answer_lost, not_cancelled, push_refused
from kitctl.adapters.kaggle.sources import at_the_local_kaggle, source_problem, source_versions
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.job.metadata import Sources
from kitctl.domain.quota.quota import PoolReading, QuotaReading
from kitctl.domain.runs.run import KernelRef, RunRef
from kitctl.errors import KitError, NetworkFailed, NextCommand, Problem, UsageError
from kitctl.ports import (
    KernelVersion,
    ListedFile,
    LogLine,
    OutputFile,
    PolledStatus,
    SavedVersion,
    SaveRequest,
    SourceVersion,
)

if TYPE_CHECKING:
    from kitctl.adapters.kaggle.competitions import KaggleCompetitions
    from kitctl.adapters.kaggle.datasets import KaggleDatasets
    from kitctl.adapters.kaggle.models import KaggleModels

_KERNELS = "kernels.KernelsApiService"

# The most files that Kaggle lists at once; its default is 20.
PAGE_SIZE = 200


class KaggleApi:
    """Kaggle as one account sees it; `service` is its name in the ledger."""

    def __init__(
        self,
        service: str,
        transport: Transport,
        *,
        page_size: int = PAGE_SIZE,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self.service = service
        self._transport = transport
        self._page_size = page_size
        self._quiet_seconds = quiet_seconds
        self._account: str | KitError = ""
        self._account_lock = Lock()

    @cached_property
    def datasets(self) -> KaggleDatasets:
        """Data sets, as the same account sees them."""
        # Loaded here: only the commands for data sets need it.
        from kitctl.adapters.kaggle.datasets import KaggleDatasets

        return KaggleDatasets(self.service, self._transport, self.account)

    @cached_property
    def competitions(self) -> KaggleCompetitions:
        """Competitions, as the same account sees them."""
        from kitctl.adapters.kaggle.competitions import KaggleCompetitions

        return KaggleCompetitions(self._transport)

    @cached_property
    def models(self) -> KaggleModels:
        """Variations of models, as the same account sees them."""
        from kitctl.adapters.kaggle.models import KaggleModels

        return KaggleModels(self.service, self._transport, self.account)

    @property
    def credentials(self) -> str:
        """Which credentials are used and where they come from, without the secret."""
        return str(self._transport.credentials)

    def account(self) -> str:
        # Threads ask only once, and a failure is remembered too.
        with self._account_lock:
            if not self._account:
                try:
                    self._account = self._transport.credentials.username or self._introspect_token()
                except KitError as error:
                    self._account = error
        if isinstance(self._account, KitError):
            raise self._account
        return self._account

    def now(self) -> float:
        return self._transport.clock.now()

    def clock_skew_seconds(self) -> float | None:
        offset = self._transport.clock.offset_seconds
        return None if offset is None else -offset

    def newest_version(self, kernel: KernelRef) -> KernelVersion | None:
        return self._version(kernel, None)

    def kernel_of_number(self, number: int) -> KernelRef | None:
        request: dict[str, object] = {"user": self.account(), "pageSize": self._page_size}
        for kernel in outputs.items(
            "kernels", lambda page: self._call("ListKernels", page), request
        ):
            if wire.number(kernel, "id") == number:
                return KernelRef.parse(wire.text(kernel, "ref"))
        return None

    def version(self, run: RunRef) -> KernelVersion | None:
        return self._version(run.kernel, run)

    def lists(self, kernel: KernelRef) -> bool:
        request = {"user": kernel.owner, "search": kernel.slug, "pageSize": 100}
        listed = wire.objects(self._call("ListKernels", request), "kernels")
        return any(wire.text(one, "ref").lower() == str(kernel).lower() for one in listed)

    def save(self, request: SaveRequest) -> SavedVersion:
        # SaveKernel is not idempotent: it is sent once, whatever the answer.
        try:
            answer = self._transport.call_at_most_once(
                _KERNELS, "SaveKernel", wire.save_request(request)
            )
        except InDoubt as doubt:
            raise answer_lost(doubt.error.message) from None
        except NotVisible as error:
            raise push_refused(error.kaggle_message) from None
        if message := wire.text(answer, "error"):
            raise push_refused(message)
        number = wire.number(answer, "versionNumber")
        if not number:
            raise answer_lost("Kaggle did not say which version the push became.")
        url = wire.text(answer, "url")
        kernel = _kernel_of(wire.text(answer, "ref"), url, request.kernel)
        return SavedVersion(RunRef(kernel, number), url, wire.invalid_sources(answer))

    def status(self, run: RunRef) -> PolledStatus:
        try:
            answer = self._call("GetKernelSessionStatus", _run_fields(run))
        except NotVisible as error:
            raise NotVisible(
                f'Kaggle shows no run {run} to this account. It says: "{error.kaggle_message}"',
                kaggle_message=error.kaggle_message,
                hint=NextCommand("runs", note="lists the runs that were pushed from here"),
            ) from None
        status = wire.status(answer)
        if status is None:
            raise NetworkFailed(
                f"Kaggle gives {run} a state that this kitctl does not know:"
                f" {wire.text(answer, 'status')!r}.",
                code="kaggle_changed",
                hint="Update it: pip install --upgrade kaggle-kitctl",
            )
        return PolledStatus(status, wire.text(answer, "failureMessage"))

    def outputs(self, run: RunRef) -> Iterator[OutputFile]:
        request = {**_run_fields(run), "pageSize": self._page_size}
        for file in outputs.items(
            "files", lambda page: outputs.read_page(self._transport, page), request
        ):
            url = wire.text(file, "url")
            # One address that cannot be used stops one file.
            is_secure = self._transport.is_secure(url)
            yield OutputFile(wire.text(file, "fileName"), url if is_secure else "")

    def listed_files(self, run: RunRef) -> Iterator[ListedFile]:
        request = {**_run_fields(run), "pageSize": self._page_size}
        for file in outputs.items(
            "files", lambda page: self._call("ListKernelFiles", page), request
        ):
            size = wire.size(file, "size")
            yield ListedFile(wire.text(file, "name"), size, wire.text(file, "creationDate"))

    def output(self, run: RunRef, name: str, largest_bytes: int) -> bytes | None:
        return outputs.read_file(self._transport, run, name, largest_bytes)

    def log(self, run: RunRef) -> Iterator[LogLine]:
        return outputs.read_log(self._transport, {**_run_fields(run), "pageSize": 1})

    def log_so_far(self, run: RunRef) -> Iterator[LogLine]:
        return log_stream.log_so_far(self._transport, run, self._quiet_seconds)

    def follow_log(self, run: RunRef) -> Iterator[LogLine]:
        return log_stream.follow(self._transport, run)

    def cancel(self, session_id: int) -> None:
        try:
            answer = self._call("CancelKernelSession", {"kernelSessionId": session_id})
        except NotVisible as error:
            raise not_cancelled(error.kaggle_message) from None
        if message := wire.text(answer, "errorMessage") or wire.text(answer, "error"):
            raise not_cancelled(message)

    def quota(self) -> QuotaReading:
        answer = self._call("GetAcceleratorQuotaStatistics", {})
        pools = {name: answer.get(f"{name}Quota") for name in ("gpu", "tpu")}
        return QuotaReading(
            read_at=self.now(),
            refreshes_at=wire.moment(answer, "quotaRefreshTime"),
            pools=tuple(
                PoolReading(
                    name=name,
                    used_seconds=wire.seconds(quota, "timeUsed"),
                    reserved_seconds=wire.seconds(quota, "timeReserved"),
                    allowed_seconds=wire.seconds(quota, "totalTimeAllowed"),
                )
                for name, quota in pools.items()
                if isinstance(quota, dict)
            ),
        )

    def source_problems(self, sources: Sources) -> tuple[Problem, ...]:
        kinds = [
            *(("dataset", source) for source in sources.datasets),
            *(("kernel", source) for source in sources.kernels),
            *(("competition", source) for source in sources.competitions),
            *(("model", source) for source in sources.models),
        ]
        problems = (
            source_problem(self._transport, lambda slug: self.competitions.show(slug), kind, source)
            for kind, source in kinds
        )
        known = tuple(problem for problem in problems if problem is not None)
        return tuple(map(at_the_local_kaggle, known)) if self.service == "local" else known

    def source_versions(self, sources: Sources) -> Mapping[str, SourceVersion]:
        return source_versions(self._transport, sources)

    def _call(self, method: str, request: Mapping[str, object]) -> dict[str, Any]:
        return self._transport.call(_KERNELS, method, request)

    def _introspect_token(self) -> str:
        answer = self._transport.retry(self._transport.introspect_token)
        username = wire.text(answer, "username")
        if not answer.get("active") or not username:
            raise bad_credentials(self._transport.credentials, wire.text(answer, "message"))
        return username

    def _version(self, kernel: KernelRef, run: RunRef | None) -> KernelVersion | None:
        request = {"userName": kernel.owner, "kernelSlug": kernel.slug}
        try:
            answer = self._call("GetKernel", _run_fields(run) if run else request)
        except NotVisible:
            return None
        metadata, blob = wire.object_(answer, "metadata"), wire.object_(answer, "blob")
        number = run.version if run else wire.number(metadata, "currentVersionNumber")
        if not number:
            return None
        return KernelVersion(
            RunRef(kernel, number),
            wire.text(blob, "source"),
            wire.machine_shape(metadata),
            wire.moment(metadata, "lastRunTime"),
            wire.number(metadata, "id") or None,
        )


def _run_fields(run: RunRef) -> dict[str, object]:
    return {
        "userName": run.kernel.owner,
        "kernelSlug": run.kernel.slug,
        "versionLabel": run.label,
    }


def _kernel_of(ref: str, url: str, default: KernelRef) -> KernelRef:
    """Return the kernel that Kaggle saved: it makes a new kernel's slug from its title."""
    try:
        parts = (ref or urlsplit(url).path).strip("/").split("/")
        return KernelRef.parse("/".join(parts[-2:]))
    except (ValueError, UsageError):
        return default
