"""The Python that runs a script here: kitctl's own, or another one with packages of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kitctl.errors import InvalidInput

PROBE_SECONDS = 60.0
_PROBE = """
import json, sys
from importlib.util import find_spec
print(json.dumps({
    "executable": sys.executable,
    "version": list(sys.version_info[:2]),
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
    "path": sys.path,
    "missing": [name for name in sys.argv[1:] if find_spec(name) is None],
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python: its program, its folders, and the folders of its installed packages."""

    executable: Path
    prefixes: tuple[Path, ...]
    site_folders: tuple[Path, ...]
    missing: tuple[str, ...] = ()
    """Those of the packages that were asked for which it does not have."""

    @property
    def is_own(self) -> bool:
        return self.executable == Path(sys.executable)


def own_interpreter(packages: tuple[str, ...] = ()) -> Interpreter:
    """Return the Python that runs kitctl."""
    prefixes = (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)
    missing = tuple(name for name in packages if find_spec(name) is None)
    return Interpreter(
        Path(sys.executable), tuple(map(Path, prefixes)), _site_folders(sys.path), missing
    )


def find_interpreter(program: Path, packages: tuple[str, ...] = ()) -> Interpreter:
    """Return another Python, which is started once to ask for its folders.

    `program` is its program, or the folder of a virtual environment.

    Raises InvalidInput where it is no Python 3.9 or newer.
    """
    if program.is_dir():
        places = (program / "bin/python", program / "Scripts/python.exe")
        program = next((path for path in places if path.exists()), program)
    try:
        process = subprocess.run(
            [str(program.absolute()), "-I", "-c", _PROBE, *packages],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PROBE_SECONDS,
        )
        answer = json.loads(process.stdout)
        if answer["version"] < [3, 9]:
            raise _not_usable(program, f"is Python {'.'.join(map(str, answer['version']))}")
        return Interpreter(
            Path(answer["executable"]),
            tuple(map(Path, answer["prefixes"])),
            _site_folders(answer["path"]),
            tuple(answer["missing"]),
        )
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired):
        raise _not_usable(program, "does not run as a Python") from None


def _not_usable(program: Path, reason: str) -> InvalidInput:
    return InvalidInput(
        f"{program} {reason}.",
        code="python",
        hint="Name the program of a Python 3.9 or newer: --python ~/torch-env/bin/python",
    )


def _site_folders(path: list[str]) -> tuple[Path, ...]:
    names = {"site-packages", "dist-packages"}
    return tuple(folder for folder in map(Path, path) if folder.name in names and folder.is_dir())
