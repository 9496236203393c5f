"""What an ended run left: pages of ListKernelSessionOutput, each of which holds the whole log too.

A log may be longer than memory allows, so the answers are read piece by piece.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kitctl.adapters.http import Response, TransportError
from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import NotVisible, RetryLater, translate_errors
from kitctl.adapters.kaggle.json_text import JsonText, read_array, read_object
from kitctl.adapters.kaggle.log_lines import LogLines
from kitctl.adapters.kaggle.log_stream import MAX_PAUSE_SECONDS
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.runs.run import RunRef
from kitctl.errors import KitError, NetworkFailed
from kitctl.ports import LogLine

if TYPE_CHECKING:
    from kitctl.adapters.http import StreamedResponse

SERVICE, METHOD = "kernels.KernelsApiService", "ListKernelSessionOutput"

# Connections in a row that bring nothing new of a log.
MAX_FRUITLESS = 6

MAX_PAGES = 10_000

# Of a field other than the log.
LONGEST_TEXT = 1_000_000


def items(
    name: str,
    read_page: Callable[[dict[str, object]], Mapping[str, Any]],
    request: Mapping[str, object],
) -> Iterator[Mapping[str, Any]]:
    """Yield the items of all pages, a page's under `name`; each names the token of the next."""
    token, tokens = "", set[str]()
    # A token that comes again would never end, nor would ever new ones.
    while len(tokens) < MAX_PAGES:
        page = read_page({**request, "pageToken": token} if token else dict(request))
        yield from wire.objects(page, name)
        token = wire.text(page, "nextPageToken")
        if not token or token in tokens:
            return
        tokens.add(token)


def read_page(transport: Transport, request: Mapping[str, object]) -> dict[str, Any]:
    """Return one page without the log."""

    def attempt() -> dict[str, Any]:
        with transport.stream_call(SERVICE, METHOD, request) as response, translate_errors():
            fields: dict[str, Any] = {}
            try:
                for name, value in read_object(JsonText(response.text())):
                    if name != "log":
                        fields[name] = _short(value) if isinstance(value, Iterator) else value
            except ValueError:
                return _parse(b"", response, transport)
            return _parse(json.dumps(fields).encode(), response, transport)

    return transport.retry(attempt)


def _short(parts: Iterator[str]) -> str:
    """Join the parts of a text. Raises ValueError where it has no end."""
    text = ""
    for part in parts:
        text += part
        if len(text) > LONGEST_TEXT:
            raise ValueError("A text has no end.")
    return text


def read_log(transport: Transport, request: Mapping[str, object]) -> Iterator[LogLine]:
    """Yield the lines of the log as they come; a connection that breaks off is replaced."""
    lines = LogLines()
    fruitless = 0
    while True:
        before = lines.character_count
        lines.start_over()
        with transport.stream_call(SERVICE, METHOD, request) as response:
            try:
                for piece in _log_pieces(response, transport):
                    yield from lines.take(piece)
                yield from lines.rest()
                return
            except (TransportError, RetryLater) as error:
                fruitless = 0 if lines.character_count > before else fruitless + 1
                if fruitless >= MAX_FRUITLESS:
                    raise _incomplete(error) from None
        time.sleep(min(MAX_PAUSE_SECONDS, 0.25 * 2**fruitless))


def _incomplete(error: TransportError | RetryLater) -> KitError:
    if isinstance(error, RetryLater):
        return error.error
    return NetworkFailed(f"{error} The log did not come whole.")


def read_file(transport: Transport, run: RunRef, name: str, largest_bytes: int) -> bytes | None:
    """Return one file of a run; None where Kaggle has none, or a larger one."""
    request = {
        "ownerSlug": run.kernel.owner,
        "kernelSlug": run.kernel.slug,
        "versionNumber": run.version,
        "filePath": name,
    }

    def attempt() -> bytes | None:
        with transport.download(SERVICE, "DownloadKernelOutput", request) as response:
            with translate_errors():
                content = b"".join(_pieces(response, largest_bytes))
            return content if len(content) <= largest_bytes else None

    try:
        return transport.retry(attempt)
    except NotVisible:
        return None


def _pieces(response: StreamedResponse, largest_bytes: int) -> Iterator[bytes]:
    """Yield the body, or a little more than `largest_bytes` of it."""
    left = largest_bytes + 1
    while left > 0 and (piece := response.read(left)):
        left -= len(piece)
        yield piece


def _log_pieces(response: StreamedResponse, transport: Transport) -> Iterator[dict[str, Any]]:
    fields: dict[str, Any] = {}
    try:
        for name, value in read_object(JsonText(response.text())):
            if name == "log" and isinstance(value, Iterator):
                yield from pieces_of_log(value)
                return
            fields[name] = _short(value) if isinstance(value, Iterator) else value
    except ValueError:
        fields = {}
    # An answer without a log is an error, or a run without one.
    _parse(json.dumps(fields).encode() if fields else b"", response, transport)


def pieces_of_log(parts: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the pieces of a log, a JSON array in a text; what is no JSON is passed on as it is."""
    text = JsonText(parts)
    try:
        for value in read_array(text):
            if isinstance(value, dict):
                yield value
        return
    except ValueError:
        pass
    for rest in text.rest():
        yield {"data": rest}


def _parse(body: bytes, response: StreamedResponse, transport: Transport) -> dict[str, Any]:
    whole = Response(response.status, response.headers, body)
    return transport.parse(whole)
