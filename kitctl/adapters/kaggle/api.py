"""The port `Kaggle` on Kaggle's own API."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from kitctl.adapters.kaggle import log_stream, wire
from kitctl.adapters.kaggle.errors import NotVisible, RetryLater
from kitctl.adapters.kaggle.sources import source_problem
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.metadata import Sources
from kitctl.domain.quota import PoolReading, QuotaReading
from kitctl.domain.runs import KernelRef, RunRef, source_sha256
from kitctl.errors import InvalidInput, KitError, NetworkFailed, NextCommand, Problem, Refused
from kitctl.ports import (
    AnswerLost,
    KernelVersion,
    LogLine,
    OutputFile,
    PolledStatus,
    SavedVersion,
    SaveRequest,
)

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
        self._account: str | KitError = ""
        self._asking = Lock()

    @property
    def credentials(self) -> str:
        """Which credentials are used and where they come from; not what they are."""
        return str(self._transport.credentials)

    def account(self) -> str:
        # Threads ask only once, and what could not be asked is not asked again.
        with self._asking:
            if not self._account:
                try:
                    self._account = self._transport.credentials.username or self._introspected()
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

    def version(self, run: RunRef) -> KernelVersion | None:
        return self._version(run.kernel, run)

    def save(self, job: SaveRequest, newest_before: int) -> SavedVersion:
        # Not repeatable: what was sent may run although its answer is lost, so look before sending
        # again.
        in_doubt = False

        def once() -> SavedVersion:
            nonlocal in_doubt
            try:
                return self._saved(job)
            except RetryLater as lost:
                in_doubt = in_doubt or not lost.refused
                found = self._look_for(job, newest_before) if in_doubt else None
                if found is None:
                    raise
                return found

        try:
            return self._transport.repeated(once)
        except NetworkFailed as error:
            raise _answer_lost(error) if in_doubt else error from None

    def status(self, run: RunRef) -> PolledStatus:
        try:
            answer = self._call("GetKernelSessionStatus", _named(run))
        except NotVisible as error:
            raise NotVisible(
                f"Kaggle shows no run {run} to this account.",
                words=error.words,
                hint=NextCommand("runs", note="lists the runs that were pushed from here"),
            ) from None
        status = wire.status(answer)
        if status is None:
            raise NetworkFailed(
                f"Kaggle gives {run} a state that this kitctl does not know:"
                f" {wire.text(answer, 'status')!r}.",
                code="kaggle_changed",
                hint="Update it: pip install --upgrade kitctl",
            )
        return PolledStatus(status, wire.text(answer, "failureMessage"))

    def outputs(self, run: RunRef) -> Iterator[OutputFile]:
        token = ""
        while True:
            page = self._output_page(run, PAGE_SIZE, token)
            for file in wire.objects(page, "files"):
                yield OutputFile(wire.text(file, "fileName"), wire.text(file, "url"))
            before, token = token, wire.text(page, "nextPageToken")
            if not token or token == before:
                return

    def log(self, run: RunRef) -> list[LogLine]:
        return log_stream.lines_of(wire.text(self._output_page(run, 1, ""), "log"))

    def log_so_far(self, run: RunRef) -> Iterator[LogLine]:
        return log_stream.so_far(self._transport, run)

    def follow_log(self, run: RunRef) -> Iterator[LogLine]:
        return log_stream.follow(self._transport, run)

    def cancel(self, session_id: int) -> None:
        try:
            answer = self._call("CancelKernelSession", {"kernelSessionId": session_id})
        except NotVisible as error:
            raise _not_cancelled(error.words) from None
        if words := wire.text(answer, "errorMessage"):
            raise _not_cancelled(words)

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
        asked = [
            *(("dataset", source) for source in sources.datasets),
            *(("kernel", source) for source in sources.kernels),
        ]
        found = (source_problem(self._transport, kind, source) for kind, source in asked)
        return tuple(problem for problem in found if problem is not None)

    # How it is asked.

    def _call(
        self, method: str, request: Mapping[str, object], *, repeat: bool = True
    ) -> dict[str, Any]:
        return self._transport.call(_KERNELS, method, request, repeat=repeat)

    def _introspected(self) -> str:
        request = {"token": self._transport.credentials.secret}
        try:
            answer = self._transport.call("security.OAuthService", "IntrospectToken", request)
        except InvalidInput:
            answer = {}
        username = wire.text(answer, "username")
        if not answer.get("active") or not username:
            raise Refused(
                f"Kaggle does not accept the {self.credentials}.",
                code="bad_credentials",
                hint="Make a new token at https://www.kaggle.com/settings",
            )
        return username

    def _version(self, kernel: KernelRef, run: RunRef | None) -> KernelVersion | None:
        request = {"userName": kernel.owner, "kernelSlug": kernel.slug}
        try:
            answer = self._call("GetKernel", _named(run) if run else request)
        except NotVisible:
            return None
        held, blob = wire.object_(answer, "metadata"), wire.object_(answer, "blob")
        number = run.version if run else wire.number(held, "currentVersionNumber")
        if not number:
            return None
        return KernelVersion(
            RunRef(kernel, number), wire.text(blob, "source"), wire.text(held, "machineShape")
        )

    def _saved(self, job: SaveRequest) -> SavedVersion:
        try:
            answer = self._call("SaveKernel", wire.save_request(job), repeat=False)
        except NotVisible as error:
            raise _push_refused(error.words) from None
        if words := wire.text(answer, "error"):
            raise _push_refused(words)
        number = wire.number(answer, "versionNumber")
        if not number:
            raise RetryLater(NetworkFailed("Kaggle named no version of the push."))
        url = wire.text(answer, "url")
        kernel = _kernel_of(wire.text(answer, "ref"), url, job.kernel)
        return SavedVersion(RunRef(kernel, number), url, wire.invalid_sources(answer))

    def _look_for(self, job: SaveRequest, newest_before: int) -> SavedVersion | None:
        """The version that a push with a lost answer made, if it made one."""
        wanted = source_sha256(job.text)
        for pause in LOOKS_AFTER:
            time.sleep(pause)
            newest = self.newest_version(job.kernel)
            is_new = newest is not None and newest.run.version > newest_before
            if newest and is_new and source_sha256(newest.source) == wanted:
                return SavedVersion(newest.run, "")
        return None

    def _output_page(self, run: RunRef, size: int, token: str) -> dict[str, Any]:
        request: dict[str, object] = {**_named(run), "pageSize": size}
        return self._call(
            "ListKernelSessionOutput", {**request, "pageToken": token} if token else request
        )


def _named(run: RunRef) -> dict[str, object]:
    return {
        "userName": run.kernel.owner,
        "kernelSlug": run.kernel.slug,
        "versionLabel": run.label,
    }


def _kernel_of(ref: str, url: str, asked: KernelRef) -> KernelRef:
    """Where Kaggle put it: a new kernel's slug is made from its title."""
    parts = (ref or urlsplit(url or "").path).strip("/").split("/")
    return KernelRef(parts[-2], parts[-1]) if len(parts) >= 2 and all(parts[-2:]) else asked


def _answer_lost(error: NetworkFailed) -> AnswerLost:
    return AnswerLost(
        f"{error.message} Whether Kaggle took the push is not known yet; the ledger keeps it.",
        hint=NextCommand("runs", note="asks Kaggle what became of it; push again only then"),
    )


def _push_refused(words: str) -> Refused:
    return Refused(
        f'Kaggle refused the push: "{words}" Nothing runs.',
        code="push_refused",
        hint=NextCommand("quota", note="what is left, and what runs"),
    )


def _not_cancelled(words: str) -> Refused:
    return Refused(
        f'Kaggle did not cancel the run; it goes on. It says: "{words}"',
        code="not_cancelled",
        hint="Stop it on its page at kaggle.com: ⋮ → Cancel run.",
    )
