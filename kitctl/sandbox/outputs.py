"""What a run has left in its working folder, made safe to read from outside the run."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def remove_unsafe(working: Path) -> None:
    """Remove links that lead out of the folder, and what is neither a file nor a folder.

    In the run such a link may lead nowhere; here it would lead to any file of the user's.
    """
    for parent, folders, files in os.walk(working):
        for name in (*folders, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                if _leads_out(path, working):
                    path.unlink()
            elif not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                path.unlink()


def _leads_out(link: Path, working: Path) -> bool:
    target = Path(os.path.realpath(link))
    return link.readlink().is_absolute() or not target.is_relative_to(working.resolve())
