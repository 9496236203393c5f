"""Files that people write, read with care; files written whole; folders removed whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kitctl.errors import InvalidInput

LONGEST_TEXT_BYTES = 1_000_000
"""More than any file of settings that a person writes."""


def read_settings_text(path: Path) -> str:
    """Return the text of a file of settings, in UTF-8 with or without a byte order mark.

    Raises FileNotFoundError where there is none, InvalidInput where it cannot be read to its end:
    a folder, a pipe, a device, another encoding, or too long.
    """
    try:
        # A pipe would be waited for, and a device never ends.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(path, "is no regular file")
        with path.open("rb") as file:
            data = file.read(LONGEST_TEXT_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror or error})") from None
    if len(data) > LONGEST_TEXT_BYTES:
        raise _unreadable(path, f"is longer than {LONGEST_TEXT_BYTES // 1000} kB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path, "is not written in UTF-8", "Save it as UTF-8.") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Return the values of a TOML file.

    Raises FileNotFoundError where there is none, InvalidInput where it cannot be read.
    """
    import tomllib

    text = read_settings_text(path)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _unreadable(path, "is nested too deeply") from None
    except ValueError as error:  # Also of a number with thousands of digits.
        raise _unreadable(path, f"is not valid TOML: {error}", "Fix that line.") from None


def _unreadable(path: Path, what: str, fix: str = "") -> InvalidInput:
    return InvalidInput(
        f"{path} {what}.",
        code="settings",
        hint=fix or "Put a text file of settings there, or take it away.",
    )


def own_file(folder: Path, name: str) -> Path | None:
    """Return a regular file of a folder, also by links that stay in it; None where it is none.

    A link in a folder that came from elsewhere could lead to any file of the user's.
    """
    path = folder / name
    try:
        is_own = path.resolve(strict=True).is_relative_to(folder.resolve())
        return path if is_own and path.is_file() else None
    except (OSError, RuntimeError):
        return None


@contextlib.contextmanager
def replace_file(path: Path, part_folder: Path | None = None) -> Iterator[Path]:
    """Yield a new file to write, which takes the place of `path` when the block ends well.

    Until then it lies in `part_folder`, or beside `path`. Raises OSError where it cannot be
    written; then `path` is untouched.
    """
    from tempfile import mkstemp

    path.parent.mkdir(parents=True, exist_ok=True)
    # Its ending stays the same: programs choose a format by it.
    handle, name = mkstemp(
        prefix=f".{path.stem}-", suffix=f".part{path.suffix}", dir=part_folder or path.parent
    )
    os.close(handle)
    part = Path(name)
    try:
        part.chmod(0o666 & ~_umask())
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def replace_users_file(path: Path) -> Iterator[Path]:
    """Do as `replace_file`, for a file that the user named.

    Raises InvalidInput where it cannot be written.
    """
    try:
        with replace_file(path) as part:
            yield part
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror or error}.",
            code="unwritable",
            hint="Name a file in a folder that you may write to.",
        ) from None


def remove_tree(folder: Path) -> None:
    """Remove a folder, write-protected ones inside included, as far as that is possible."""
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for parent, names, _ in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _umask() -> int:
    """Return the permission bits that new files must not have; reading them means setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
