"""Pull a group of shards: each run as any other, then their files into one folder.

A file of the group's folder is a second name of the shard's own where the file system has such
links, so that it takes no room; else it is a copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kitctl.domain.results.files import ExpectedFile, ManifestEntry, RunIdentity
from kitctl.domain.results.shard_files import (
    LONGEST_HEADER_BYTES,
    header_of,
    lay_out,
    shard_path,
)
from kitctl.domain.runs.shards import Shard, shard_of_run, shard_of_source
from kitctl.errors import InvalidInput, NextCommand, Refused, UsageError
from kitctl.operations.pulling.disk_errors import translate_disk_errors
from kitctl.operations.pulling.pull_result import PullResult
from kitctl.operations.pulling.pulled_shards import JoinedFile, PulledShards, complete_shards
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.shard_runs import ShardRun
from kitctl.ports import FileContent, Kaggle, Reporter, ResultsFolder

COPY_BYTES = 1 << 20


def group_of(target: TargetRun, kaggle: Kaggle) -> tuple[Shard, ...]:
    """Return the shards of the group that a run belongs to.

    Raises InvalidInput for a run that is no shard.
    """
    if target.record is not None:
        shard = shard_of_run(target.record.intent.environment)
    else:
        version = kaggle.version(target.ref)
        shard = shard_of_source(version.source) if version else None
    if shard is None:
        raise InvalidInput(
            f"{target.ref} is no run of `push --shards`.",
            code="no_shard",
            hint=NextCommand("pull-results", f"{target.ref.version}", "pulls this one run"),
        )
    return tuple(Shard(shard.group, number, shard.count) for number in range(1, shard.count + 1))


def require_ended(shards: tuple[Shard, ...], runs: Mapping[Shard, ShardRun]) -> None:
    """Raise Refused where a shard is under way, or was not pushed: nothing is fetched then."""
    under_way = [run for run in runs.values() if not run.status.ended]
    if under_way:
        raise Refused(
            f"{len(under_way)} of {len(shards)} shards have not ended, such as"
            f" {under_way[0].name}; nothing was fetched.",
            code="run_under_way",
            hint=NextCommand("pull-results", "--shards --wait"),
        )
    if missing := [shard.label for shard in shards if shard not in runs]:
        raise Refused(
            f"{len(missing)} of {len(shards)} shards were not pushed, such as {missing[0]};"
            " nothing was fetched.",
            code="shards_missing",
            hint=NextCommand("push", f"--shards {len(shards)}", "goes on with them"),
        )


def join_shards(
    runs: Mapping[Shard, ShardRun],
    pulls: Mapping[Shard, PullResult],
    folder: ResultsFolder,
    owners: Sequence[RunIdentity | None],
    reporter: Reporter,
) -> PulledShards:
    """Put what the shards left into one folder; what is there and not the group's moves aside.

    `owners` says whose results are in the folder of each shard. Of shards that are not complete
    everything stands apart: a joined table has whole parts only.
    """
    shards = tuple(runs)
    if any(folder.root.resolve() == pull.out.resolve() for pull in pulls.values()):
        raise UsageError(
            f"{folder.root} holds the results of one shard, which all shards' files are made of.",
            code="folder_of_another_run",
            hint="Choose another folder with --out.",
        )
    with (
        translate_disk_errors(folder.root),
        folder.exclusive(lambda: _report_waiting(folder, reporter)),
        reporter.progress(f"Joining the files of {len(shards)} shards"),
    ):
        folder.claim(_identity(shards, owners))
        whole = [shard.number for shard in complete_shards(runs, pulls) if shard in pulls]
        join = _Join(pulls, whole, folder)
        return PulledShards(
            shards=shards,
            runs=runs,
            pulls=pulls,
            out=folder.root,
            files=tuple(join.run()),
            moved=tuple(folder.moved),
            warnings=_warnings(pulls),
        )


class _Join:
    def __init__(
        self, pulls: Mapping[Shard, PullResult], whole: Sequence[int], folder: ResultsFolder
    ) -> None:
        self._pulls = {shard.number: pull for shard, pull in pulls.items()}
        self._contents = {
            number: {file.path: FileContent(file.bytes, file.sha256) for file in pull.files}
            for number, pull in self._pulls.items()
        }
        self._whole, self._folder = whole, folder

    def run(self) -> Iterator[JoinedFile]:
        layout = lay_out(
            {number: list(self._contents[number]) for number in self._whole},
            is_case_sensitive=self._folder.is_case_sensitive(),
        )
        for number, path in layout.beside:
            content = self._contents[number][path]
            self._place(path, self._pulls[number].out / path, content)
            yield JoinedFile(path, content.bytes, content.sha256, (number,), "beside")
        apart = list(layout.apart)
        for path, numbers in layout.tables.items():
            if joined := self._join_table(path, [self._pulls[each].out / path for each in numbers]):
                yield JoinedFile(path, joined.bytes, joined.sha256, numbers, "joined")
            else:
                apart += [(number, path) for number in numbers]
        lost = self._pulls.keys() - set(self._whole)
        apart += [(number, path) for number in sorted(lost) for path in self._contents[number]]
        for number, path in apart:
            yield self._place_apart(number, path, self._contents[number][path])
        for number, pull in self._pulls.items():
            yield self._place_apart(number, pull.log.name, _read_content(pull.log))

    def _place_apart(self, number: int, path: str, content: FileContent) -> JoinedFile:
        placed = shard_path(number, path)
        self._place(placed, self._pulls[number].out / path, content)
        return JoinedFile(placed, content.bytes, content.sha256, (number,), "apart")

    def _place(self, name: str, source: Path, content: FileContent) -> None:
        if self._is_here(name, content):
            return
        part = self._folder.part_path(name)
        part.unlink(missing_ok=True)
        try:
            os.link(source, part)
        except OSError:  # The file system has no links, or is another one.
            shutil.copyfile(source, part)
        self._folder.place(name, content, part)

    def _join_table(self, path: str, sources: list[Path]) -> FileContent | None:
        """Write the rows of all tables below one header; return None where headers differ."""
        headers = {_read_header(source) for source in sources}
        if len(headers) > 1 or None in headers:
            return None
        part = self._folder.part_path(path)
        # It may be a second name of another file.
        part.unlink(missing_ok=True)
        digest, size = hashlib.sha256(), 0
        with part.open("wb") as target:
            for piece in _joined_rows(sources):
                target.write(piece)
                digest.update(piece)
                size += len(piece)
        content = FileContent(size, digest.hexdigest())
        if self._is_here(path, content):
            part.unlink()
        else:
            self._folder.place(path, content, part)
        return content

    def _is_here(self, name: str, content: FileContent) -> bool:
        entry = ManifestEntry(name, content.bytes, content.sha256)
        return self._folder.existing(name, ExpectedFile(entry)) is not None


def _read_header(source: Path) -> bytes | None:
    with source.open("rb") as file:
        return header_of(file.readline(LONGEST_HEADER_BYTES + 1))


def _joined_rows(sources: list[Path]) -> Iterator[bytes]:
    """Yield the first table whole, and the rows of the others without their headers."""
    for place, source in enumerate(sources):
        last = b"\n"
        with source.open("rb") as file:
            if place:
                file.readline(LONGEST_HEADER_BYTES + 1)
            while piece := file.read(COPY_BYTES):
                yield piece
                last = piece
        if not last.endswith(b"\n"):
            yield b"\n"


def _read_content(path: Path) -> FileContent:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(COPY_BYTES):
            digest.update(piece)
            size += len(piece)
    return FileContent(size, digest.hexdigest())


def _identity(shards: tuple[Shard, ...], owners: Sequence[RunIdentity | None]) -> RunIdentity:
    """Tell the group from others, and from itself after a shard ran once more."""
    runs = [owner and (owner.run, owner.manifest, owner.listing) for owner in owners]
    digest = hashlib.sha256(repr(runs).encode("utf-8", "replace")).hexdigest()
    time = max((owner.time for owner in owners if owner), default="")
    return RunIdentity(f"shards {shards[0].group}", digest, "", time)


def _warnings(pulls: Mapping[Shard, PullResult]) -> tuple[str, ...]:
    """Return the sources of which the shards had different versions."""
    known: dict[str, set[str]] = {}
    for pull in pulls.values():
        record = pull.status.record
        for name, label in (record.intent.source_versions if record else {}).items():
            known.setdefault(name, set()).add(label)
    return tuple(
        f"The shards had different versions of {name}." for name in known if len(known[name]) > 1
    )


def _report_waiting(folder: ResultsFolder, reporter: Reporter) -> None:
    reporter.info(f"Another kitctl is writing into {folder.root}; waiting for it …")
