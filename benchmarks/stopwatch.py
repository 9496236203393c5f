"""Run one kitctl command and measure its parts: `stopwatch.py REPORT ARGUMENT…`.

REPORT gets a JSON object of seconds. Loading and waiting within another part do not count for that
part. `started` and `ended` are by the system's clock, for the program that started this one.
"""

import time

STARTED = time.time()

import builtins  # noqa: E402  # The time before the first line is the interpreter's.
import json  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

# Methods that are timed once their module is loaded: module, class, methods, part.
TIMED = (
    ("kitctl.adapters.ledger", "SqliteLedger", (), "ledger"),
    ("kitctl.render.output", "PeopleOutput", ("show",), "drawing"),
    ("kitctl.adapters.kaggle.api", "KaggleApi", ("account",), "waiting"),
    ("concurrent.futures", "Future", ("result",), "waiting"),
    ("concurrent.futures", "ThreadPoolExecutor", ("shutdown",), "waiting"),
)

parts = {"loading": 0.0, "ledger": 0.0, "waiting": 0.0, "drawing": 0.0}
request_times: list[float] = []
_running: list[list[Any]] = []  # The main thread's unfinished parts, the innermost last.
_wrapped: set[str] = set()


def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, with its time in the main thread added to that part."""

    def run(*arguments: Any, **named: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return function(*arguments, **named)
        now = time.perf_counter()
        if _running:
            name, since = _running[-1]
            parts[name] += now - since
        _running.append([part, now])
        try:
            return function(*arguments, **named)
        finally:
            now = time.perf_counter()
            parts[part] += now - _running.pop()[1]
            if _running:
                _running[-1][1] = now

    return run


def requests_timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which also records when it starts and ends, in any thread."""

    def run(*arguments: Any, **named: Any) -> Any:
        request_times.append(time.perf_counter())
        try:
            return function(*arguments, **named)
        finally:
            request_times.append(time.perf_counter())

    return run


def wrap_loaded() -> None:
    """Wrap what has been loaded since the last call."""
    for module, name, methods, part in TIMED:
        # Not getattr, which would make concurrent.futures load more.
        owner = vars(sys.modules[module]).get(name) if module in sys.modules else None
        if owner is None or name in _wrapped:
            continue
        _wrapped.add(name)
        public = [key for key, value in vars(owner).items() if callable(value) and key[0] != "_"]
        for method in methods or ("__init__", *public):
            setattr(owner, method, timed(part, getattr(owner, method)))
    client = getattr(sys.modules.get("kitctl.adapters.http.client"), "HttpClient", None)
    if client is not None and "HttpClient" not in _wrapped:
        _wrapped.add("HttpClient")
        client.send = requests_timed(client.send)


def main() -> None:
    """Run the command and write the report."""
    load = builtins.__import__
    load_timed = timed("loading", load)

    def loading(*arguments: Any, **named: Any) -> Any:
        is_within = bool(_running) and _running[-1][0] == "loading"
        module = (load if is_within else load_timed)(*arguments, **named)
        if not is_within:
            wrap_loaded()
        return module

    builtins.__import__ = loading
    from kitctl.__main__ import main as kitctl

    report_path = Path(sys.argv.pop(1))
    code = kitctl()
    builtins.__import__ = load
    network = max(request_times) - min(request_times) if request_times else 0.0
    report = {**parts, "network": network, "started": STARTED, "ended": time.time()}
    report_path.write_text(json.dumps(report), "utf-8")
    sys.exit(code)


if __name__ == "__main__":
    main()
