"""One kitctl command with a stopwatch on its parts: `stopwatch.py REPORT WORD…`.

REPORT takes a JSON object of seconds. What is loaded or waited for within another part is taken out
of that part. `began` and `ended` are by the system's clock, for whoever started the process.
"""

import time

BEGAN = time.time()

import builtins  # noqa: E402  # What comes before the first line is the interpreter's.
import json  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

# What is watched, once its module has been loaded: module, class, methods, part.
WATCHED = (
    ("kitctl.adapters.ledger", "SqliteLedger", (), "ledger"),
    ("kitctl.render.output", "PeopleOutput", ("show",), "drawing"),
    ("kitctl.adapters.kaggle.api", "KaggleApi", ("account",), "waiting"),
    ("concurrent.futures._base", "Future", ("result",), "waiting"),
    ("concurrent.futures.thread", "ThreadPoolExecutor", ("shutdown",), "waiting"),
)

parts = {"loading": 0.0, "ledger": 0.0, "waiting": 0.0, "drawing": 0.0}
asked: list[float] = []
_running: list[list[Any]] = []  # The parts under way in the main thread, the innermost last.
_seen: set[str] = set()


def clocked(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its time on that part, where the main thread calls it."""

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


def spanned(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which notes when it began and ended, in whatever thread."""

    def run(*arguments: Any, **named: Any) -> Any:
        asked.append(time.perf_counter())
        try:
            return function(*arguments, **named)
        finally:
            asked.append(time.perf_counter())

    return run


def watch() -> None:
    """Puts the stopwatch on what has been loaded since the last time."""
    for module, name, methods, part in WATCHED:
        owner = getattr(sys.modules.get(module), name, None)
        if owner is None or name in _seen:
            continue
        _seen.add(name)
        public = [key for key, value in vars(owner).items() if callable(value) and key[0] != "_"]
        for method in methods or ("__init__", *public):
            setattr(owner, method, clocked(part, getattr(owner, method)))
    connections = sys.modules.get("kitctl.adapters.http")
    if hasattr(connections, "Connections") and "Connections" not in _seen:
        _seen.add("Connections")
        connections.Connections.ask = spanned(connections.Connections.ask)  # type: ignore[union-attr]


def main() -> None:
    """Runs the command and writes the report."""
    load = builtins.__import__
    timed = clocked("loading", load)

    def loading(*arguments: Any, **named: Any) -> Any:
        is_within = bool(_running) and _running[-1][0] == "loading"
        module = (load if is_within else timed)(*arguments, **named)
        if not is_within:
            watch()
        return module

    builtins.__import__ = loading
    from kitctl.__main__ import main as kitctl

    report_path = Path(sys.argv.pop(1))
    code = kitctl()
    builtins.__import__ = load
    network = max(asked) - min(asked) if asked else 0.0
    report = {**parts, "network": network, "began": BEGAN, "ended": time.time()}
    report_path.write_text(json.dumps(report), "utf-8")
    sys.exit(code)


if __name__ == "__main__":
    main()
