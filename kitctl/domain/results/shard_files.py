"""Where the files of several shards stand in one folder: beside each other, joined, or apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kitctl.domain.results.files import check_names

_OF_A_SHARD = re.compile(r"shard-[0-9]+", re.IGNORECASE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

LONGEST_HEADER_BYTES = 1 << 20
"""A first line longer than this is no header of a table."""


@dataclass(frozen=True)
class ShardLayout:
    """The places of files, each with the number of its shard.

    `beside` are those that only one shard left, and keep their names. `tables` are CSV files of
    several shards, which become one where their headers are equal. `apart` is all else: it goes
    into a folder of the shard.
    """

    beside: tuple[tuple[int, str], ...]
    tables: Mapping[str, tuple[int, ...]]
    apart: tuple[tuple[int, str], ...]


def lay_out(files: Mapping[int, Collection[str]], *, is_case_sensitive: bool) -> ShardLayout:
    """Return where the files of each shard go; two files never have the same place.

    `is_case_sensitive`: the file system keeps names apart that differ by case or accents only.
    """
    owners: dict[str, list[int]] = defaultdict(list)
    for number in sorted(files):
        for path in files[number]:
            owners[path].append(number)
    tables = {path for path, numbers in owners.items() if len(numbers) > 1 and _is_csv(path)}
    single = [path for path, numbers in owners.items() if len(numbers) == 1]
    # A shard's own file must not look like the folder of another one.
    paths = [path for path in (*sorted(tables), *single) if not _is_in_shard_folder(path)]
    accepted, _ = check_names(paths, is_case_sensitive=is_case_sensitive)
    placed = set(accepted)
    return ShardLayout(
        beside=tuple((owners[path][0], path) for path in accepted if path not in tables),
        tables={path: tuple(owners[path]) for path in accepted if path in tables},
        apart=tuple(
            (number, path)
            for path, numbers in owners.items()
            if path not in placed
            for number in numbers
        ),
    )


def shard_path(number: int, path: str) -> str:
    """Return the place of a file in the folder of its shard."""
    return f"shard-{number}/{path}"


def header_of(first_line: bytes) -> bytes | None:
    """Return the header that a CSV file's first line is; None where it cannot be one.

    One that ends within quotes goes on in the next line, and is no header that can be compared.
    """
    header = first_line.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r\n")
    is_whole = header.count(b'"') % 2 == 0 and len(first_line) <= LONGEST_HEADER_BYTES
    return header if header and is_whole and b"\0" not in header else None


def _is_csv(path: str) -> bool:
    return path.lower().endswith(".csv")


def _is_in_shard_folder(path: str) -> bool:
    return _OF_A_SHARD.fullmatch(path.partition("/")[0]) is not None
