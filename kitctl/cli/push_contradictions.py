"""Options of `push` that do not go together, refused before anything is read or sent."""

from __future__ import annotations

from collections.abc import Collection

from kitctl.errors import UsageError


def require_possible(given: Collection[str]) -> None:
    """Raise UsageError where the parameters of `push` that were given contradict each other."""
    names = set(given)
    if "open_it" in names and "follow" not in names:
        raise UsageError("--open needs --follow.", hint="Add --follow, or pull the run later.")
    if "no_run" in names and names & {"follow", "replace", "when_free", "until_done"}:
        raise UsageError(
            "--no-run starts nothing, so there is nothing to follow, replace or wait for.",
            hint="Leave out --no-run, or -f, --replace, --when-free and --until-done.",
        )
    if "shards" in names and names & {"no_run", "follow", "replace", "until_done", "resume"}:
        raise UsageError(
            "--shards starts several runs of the kernel beside each other, and waits for them.",
            hint="Leave out --shards, or -f, --replace, --no-run, --until-done and --resume.",
        )
