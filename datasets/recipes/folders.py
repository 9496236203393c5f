"""Making a folder whole or not at all."""

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
    """A recipe cannot go on; the message says why and what to do next."""


def say(line: str) -> None:
    """Tell what is being done, one line a step."""
    print(line, flush=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder that becomes ``target`` when the block ends well, and else disappears.

    What a killed run left behind is removed by a later one. When two runs make the same folder
    at once the first to end wins, and the other's, which is equal, is dropped.
    """
    prefix = f".{target.name}-"
    for left_over in target.parent.glob(f"{prefix}*"):
        if time.time() - left_over.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(left_over, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        making.chmod(0o755)
        yield making
        try:
            making.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def run(recipe_file: str, about: str, make: Callable[[Path], None]) -> int:
    """A recipe's command line: make ``files/`` beside ``recipe_file`` unless it is there.

    Returns the exit code: 0 done or nothing to do, 1 an error (said on stderr), 130 Ctrl-C.
    """
    here = Path(recipe_file).resolve().parent
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--again", action="store_true", help="make files/ anew if it is there")
    again = parser.parse_args().again
    target = here / "files"
    if target.is_dir() and not again:
        say(f"{here.name}: files/ is there already (make it anew with --again)")
        return 0
    signal.signal(signal.SIGTERM, _stop)
    try:
        with whole_folder(target) as making:
            make(making)
            if target.is_dir():
                shutil.rmtree(target)
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {here.name}: files/ could not be written ({error.strerror or error}); "
            "nothing was left half-made. Free some space or fix the rights, then run it again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was left half-made", file=sys.stderr)
        return 130
    say(f"{here.name}: files/ is ready")
    return 0
