"""Upload what becomes a data set, several items at once: all of it, or an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from kitctl.domain.data.datasets import UploadItem
from kitctl.errors import Interrupted, InvalidInput, NetworkFailed
from kitctl.ports import DatasetService, PushState, Reporter, Uploader, UploadExpired

REDRAW_SECONDS = 0.1
MAX_ANNOUNCEMENTS = 3


class Uploads:
    """The uploads of one push; `bytes` is how much is uploaded, in this call or an earlier one."""

    def __init__(
        self, root: Path, state: PushState, datasets: DatasetService, uploader: Uploader
    ) -> None:
        self._root, self._state, self._datasets, self._uploader = root, state, datasets, uploader
        self.bytes = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(
        self, items: Sequence[UploadItem], text: str, jobs: int, reporter: Reporter
    ) -> dict[str, str]:
        """Upload all items, `jobs` at once, the largest first, and return their tokens by path.

        One that fails ends all; what is uploaded is kept for the next call.
        """
        total = sum(item.bytes for item in items)
        with (
            explain_interrupt("What was uploaded is kept: the same command goes on."),
            reporter.progress(text, total=total or None, unit="bytes") as bar,
            ThreadPoolExecutor(jobs, "upload") as pool,
        ):
            largest_first = sorted(items, key=lambda item: -item.bytes)
            running = {pool.submit(self._upload_item, item): item for item in largest_first}
            try:
                pending = set(running)
                while pending:
                    done, pending = wait(pending, REDRAW_SECONDS, FIRST_EXCEPTION)
                    # Archives are a little longer than the files in them.
                    bar.update(completed=min(self.bytes, total))
                    for future in done:
                        future.result()
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return {item.path: future.result() for future, item in running.items()}

    def _upload_item(self, item: UploadItem) -> str:
        """Upload an item unless it is uploaded already, and return its token."""
        state, now = self._state, self._datasets.now()
        if token := state.token(item, now):
            self._count(item.bytes)
            return token
        if item.is_archive:
            token = self._send_item(item, state.archive(item, self._root), now)
        else:
            file = self._root / item.path
            self._require_unchanged(item, file)
            try:
                token = self._send_item(item, file, now)
            finally:  # It may have gone meanwhile, which is then the cause of the failure.
                self._require_unchanged(item, file)
        state.record_uploaded(item)
        return token

    def _send_item(self, item: UploadItem, file: Path, now: float) -> str:
        """Send an item's bytes, over an expired upload too, and return its token."""
        session = self._state.session(item, now)
        for attempt in range(MAX_ANNOUNCEMENTS):
            resume = session is not None
            if session is None:
                status = file.stat()
                # An archive's time is that of its making: its content has none.
                modified_at = 0 if item.is_archive else int(status.st_mtime)
                name = item.path.rpartition("/")[2]
                session = self._datasets.announce(name, status.st_size, modified_at)
                self._state.record_begun(item, session, now)
            try:
                self._uploader.send(session, file, resume=resume, on_bytes=self._count)
            except UploadExpired:
                session = None
                if attempt + 1 == MAX_ANNOUNCEMENTS:
                    raise
            except NetworkFailed as error:
                error.message = f"{item.path} was not uploaded, so no version was made."
                raise
            else:
                return session.token
        raise AssertionError("the last attempt returns or raises")

    def _require_unchanged(self, item: UploadItem, path: Path) -> None:
        """Raise InvalidInput where a file is not the one that was hashed."""
        (file,) = item.files
        try:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) == (file.bytes, file.mtime_ns):
                return
            how = "was changed"
        except OSError as error:
            how = f"cannot be read any more ({error.strerror or error})"
        raise InvalidInput(
            f"{item.path} {how} during the upload; no version was made.",
            code="file_changed",
            hint="Type the same command again once nothing writes to the folder.",
        )

    def _count(self, more: int) -> None:
        if self._stopped.is_set():
            raise _Stopped
        with self._lock:
            self.bytes += more


class _Stopped(Exception):
    """Ctrl-C, or another failure that ends the whole upload."""


@contextmanager
def explain_interrupt(sentence: str) -> Iterator[None]:
    """On Ctrl-C, say what became of the push."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"Stopped by Ctrl-C. {sentence}") from None
