"""What Kaggle lists of an ended run: the names of its files, and their sizes and times."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import count

from kitctl.domain.results.files import ExpectedFile, ManifestEntry, RunIdentity, free_name
from kitctl.domain.runs.counts import counted
from kitctl.domain.runs.run import RunRef
from kitctl.errors import InvalidInput, KitError
from kitctl.ports import Kaggle, ListedFile, Reporter


class RunListing:
    """The names of a run's files, and what the list of sizes holds of them.

    `run` is its service, name and version.
    """

    def __init__(self, run: str, names: list[str], listed: Iterable[ListedFile]) -> None:
        self.run = run
        self.names = names
        self.log_name = free_name(_log_names(), names)
        self._listed = {file.name: file for file in listed}

    def identity(self, manifest_sha256: str, log_sha256: Callable[[], str]) -> RunIdentity:
        """Tell the run from others of its name: at another service, or made again.

        By its manifest ("" for none), and by the sizes and times of its files; where Kaggle gives
        neither, by its log.
        """
        rows = sorted(self._listed.values(), key=repr)
        is_dated = bool(rows) and all(file.created_at for file in rows)
        listing = ""
        if is_dated or not manifest_sha256:
            evidence = repr((sorted(self.names), rows, "" if is_dated else log_sha256()))
            listing = hashlib.sha256(evidence.encode("utf-8", "replace")).hexdigest()
        time = max((file.created_at for file in rows), default="")
        return RunIdentity(self.run, manifest_sha256, listing, time)

    def expected(self, name: str, entry: ManifestEntry | None) -> ExpectedFile:
        """Return what a file must be."""
        listed = self._listed.get(name)
        return ExpectedFile(entry, listed.bytes if listed else None)

    def require_match(self, pattern: str) -> None:
        """Refuse a pattern that fits none of the files, rather than call nothing a success."""
        names = [*self.names, self.log_name]
        if any(is_selected(pattern, name) for name in names):
            return
        near = get_close_matches(pattern, names, n=3, cutoff=0.4) or names[:3]
        raise InvalidInput(
            f"None of the run's {counted(len(self.names), 'file')} matches {pattern!r}.",
            code="no_match",
            hint=f"There is, for example: {', '.join(map(repr, near))}.",
        )


def is_selected(pattern: str, name: str) -> bool:
    """Return whether a name matches the pattern; all match an empty one."""
    return not pattern or fnmatchcase(name, pattern)


def list_sizes(run: RunRef, kaggle: Kaggle, reporter: Reporter) -> list[ListedFile]:
    """Return the sizes and times of the files; an empty list where Kaggle refuses them."""
    try:
        return list(kaggle.listed_files(run))
    except KitError as error:
        reporter.warn(f"Kaggle does not list the sizes of the files. {error.message}")
        return []


def _log_names() -> Iterator[str]:
    """Yield names for the log, since the run may have left a file of the same name."""
    yield from ("log.txt", "log.kaggle.txt")
    yield from (f"log.kaggle-{number}.txt" for number in count(2))
