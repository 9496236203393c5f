"""Shards: one script that runs several times at once, each time on its own part of the work.

A run finds its number and how many there are in KITCTL_SHARD: `1/8` to `8/8`, counted from 1. To
which group of shards a version belongs is written into its source, so that any machine can go on
with the group.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

SHARD_VARIABLE = "KITCTL_SHARD"
GROUP_VARIABLE = "KITCTL_SHARDS"
MOST_SHARDS = 1000

_ID_DIGITS = 16
_VALUE = (
    rf"(?P<group>[0-9a-f]{{{_ID_DIGITS}}}) (?P<number>[1-9][0-9]{{0,3}}) of"
    r" (?P<count>[1-9][0-9]{0,3})"
)
_IN_SOURCE = re.compile(rf"\b{GROUP_VARIABLE}\b\W{{1,8}}(?P<value>{_VALUE})\b")


@dataclass(frozen=True)
class Shard:
    """One part of a group's work: `number` counts from 1 to `count`."""

    group: str
    number: int
    count: int

    @property
    def label(self) -> str:
        """The shard as its script reads it: `3/8`."""
        return f"{self.number}/{self.count}"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of its run: the script's own, and the one that names the group."""
        named = f"{self.group} {self.number} of {self.count}"
        return {SHARD_VARIABLE: self.label, GROUP_VARIABLE: named}


def shards_of_job(script_sha256: str, count: int) -> tuple[Shard, ...]:
    """Return the shards of a job; another number of them is another group."""
    digest = hashlib.sha256(f"{script_sha256} {count}".encode()).hexdigest()[:_ID_DIGITS]
    return tuple(Shard(digest, number, count) for number in range(1, count + 1))


def shard_of_run(environment: Mapping[str, str]) -> Shard | None:
    """Return the shard of a run with these variables; None for a run that is none."""
    match = re.fullmatch(_VALUE, environment.get(GROUP_VARIABLE, ""))
    return _shard(match) if match else None


def shard_of_source(source: str) -> Shard | None:
    """Return the shard that a version's source is; None where it is none."""
    match = _IN_SOURCE.search(source)
    return _shard(match) if match else None


def _shard(match: re.Match[str]) -> Shard | None:
    shard = Shard(match["group"], int(match["number"]), int(match["count"]))
    return shard if shard.number <= shard.count <= MOST_SHARDS else None
