"""Names that people type for a command: other tools', shorter ones, misspelt ones."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence

NEAR_NAMES = {
    **dict.fromkeys(("pull", "download", "output", "outputs", "fetch", "results"), "pull-results"),
    **dict.fromkeys(("ps", "list", "ls", "jobs", "history"), "runs"),
    **dict.fromkeys(("run", "start", "launch", "train", "save"), "push"),
    **dict.fromkeys(("stop", "kill", "abort"), "cancel"),
    **dict.fromkeys(("log", "tail", "follow", "attach"), "logs"),
    **dict.fromkeys(("rehearse", "test", "try", "dryrun", "rehearsal"), "dry-run"),
    **dict.fromkeys(("gpus", "gpu", "machines", "accelerator"), "accelerators"),
    **dict.fromkeys(("hours", "usage", "limits"), "quota"),
    **dict.fromkeys(("new", "create", "template"), "init"),
    **dict.fromkeys(("pack", "build", "bundle"), "package"),
    **dict.fromkeys(("check", "diagnose"), "doctor"),
    **dict.fromkeys(("watch", "join"), "wait"),
    **dict.fromkeys(("dataset", "data"), "datasets"),
    **dict.fromkeys(("config", "knobs"), "settings"),
    "info": "status",
    "diff": "compare",
}
# Kaggle's own client puts these words before `push`, `output`, `status`, `list`, `logs`.
_KAGGLE_GROUPS = ("kernels", "kernel", "k")


def meant_command(arguments: Sequence[str], commands: Iterable[str]) -> tuple[str, str]:
    """Return the command that an unknown one means and the whole command line.

    Both are "" where none is like it.
    """
    parts = list(arguments)
    values = {place + 1 for place, word in enumerate(parts) if word == "--project"}
    names = [n for n, word in enumerate(parts) if n not in values and not word.startswith("-")]
    place = next(iter(names), None)
    if place is None:
        return "", ""
    if parts[place] in _KAGGLE_GROUPS and place + 1 < len(parts):
        del parts[place]
        if parts[place] == "pull":  # Kaggle's client fetches the source with it.
            return "", ""
        parts = ["--project" if word in ("-p", "--path") else word for word in parts]
    name = parts[place].lower().replace("_", "-")
    known = list(commands)
    close = difflib.get_close_matches(name, [*known, *NEAR_NAMES], n=1, cutoff=0.7)
    like = name if name in (*known, *NEAR_NAMES) else close[0] if close else ""
    suggestion = NEAR_NAMES.get(like, like)
    if not suggestion:
        return "", ""
    return suggestion, f"kitctl {shlex.join([*parts[:place], suggestion, *parts[place + 1 :]])}"
