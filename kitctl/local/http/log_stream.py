"""A running session's log as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from kitctl.local.runs import logs

KEEP_ALIVE_SECONDS = 10.0


class LogStream(StreamingResponse):
    """An event for each line of the log from its start on, then `END_OF_LOG` when the run ends."""

    def __init__(
        self,
        file: Path,
        has_ended: Callable[[], bool],
        may_begin: Callable[[], bool] = lambda: True,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        self._may_begin = may_begin
        events = _events(file, has_ended, keep_alive_seconds)
        super().__init__(events, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Kaggle waits with the headers until there is a log.
        while not self._may_begin():
            await asyncio.sleep(logs.POLL_SECONDS)
        await super().__call__(scope, receive, send)


async def _events(
    file: Path, has_ended: Callable[[], bool], keep_alive_seconds: float
) -> AsyncIterator[str]:
    quiet_seconds = 0.0
    async for lines in logs.follow(file, has_ended):
        if lines:
            yield "".join(f"data: {line}\n\n" for line in lines)
            quiet_seconds = 0.0
        else:
            quiet_seconds += logs.POLL_SECONDS
            if quiet_seconds >= keep_alive_seconds:
                yield ": still running\n\n"
                quiet_seconds = 0.0
    yield "data: END_OF_LOG\n\n"
