"""A recipe's command line, and folders that are written atomically."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ABANDONED_SECONDS = 3600


class RecipeError(Exception):
    """A recipe cannot continue; the message says why and what to do next."""


def log(line: str) -> None:
    """Print a line of progress at once, also into a pipe."""
    print(line, flush=True)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder that becomes `target` when the block succeeds, and is removed otherwise.

    A later run removes the folder of a killed one. When two runs make `target` at the same time,
    the first to finish keeps its folder, and the other's, which is equal, is removed.
    """
    prefix = f".{target.name}-"
    for leftover in target.parent.glob(f"{prefix}*"):
        if time.time() - leftover.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        partial.chmod(0o755)
        yield partial
        try:
            partial.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def run(
    recipe_file: str,
    about: str,
    make: Callable[[Path], None],
    make_all: Callable[[Path], None] | None = None,
) -> int:
    """Run a recipe from the command line: make `files/` beside `recipe_file` unless it exists.

    With `make_all` the option --all makes another folder, `all/`.

    Returns the exit code: 0 done or nothing to do, 1 an error (its message is on stderr),
    130 Ctrl-C.
    """
    here = Path(recipe_file).resolve().parent
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--again", action="store_true", help="make files/ again if it exists")
    if make_all:
        parser.add_argument("--all", action="store_true", help="make all/, of the whole data set")
    options = parser.parse_args()
    name, make = ("all", make_all) if make_all and options.all else ("files", make)
    target = here / name
    if target.is_dir() and not options.again:
        log(f"{here.name}: {name}/ exists (make it again with --again)")
        return 0
    signal.signal(signal.SIGTERM, _stop)
    try:
        with atomic_folder(target) as partial:
            make(partial)
            if target.is_dir():
                shutil.rmtree(target)
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {here.name}: {name}/ could not be written ({error.strerror or error}); "
            "nothing was left half-made. Free some space or fix the permissions, then run it "
            "again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was left half-made", file=sys.stderr)
        return 130
    log(f"{here.name}: {name}/ is ready")
    return 0
