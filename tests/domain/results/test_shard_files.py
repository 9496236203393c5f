"""Where the files of several shards stand in one folder."""

from __future__ import annotations

import pytest

from kitctl.domain.results.shard_files import header_of, lay_out


def test_a_file_of_one_shard_keeps_its_name_and_tables_of_several_are_joined() -> None:
    layout = lay_out(
        {1: ["part-1.npy", "rows.csv", "run.json"], 2: ["part-2.npy", "rows.csv", "run.json"]},
        is_case_sensitive=True,
    )
    assert layout.beside == ((1, "part-1.npy"), (2, "part-2.npy"))
    assert layout.tables == {"rows.csv": (1, 2)}
    assert layout.apart == ((1, "run.json"), (2, "run.json"))


def test_names_that_could_be_taken_for_each_other_stand_apart() -> None:
    layout = lay_out({1: ["a", "Out.txt"], 2: ["a/b", "out.txt"]}, is_case_sensitive=False)
    assert layout.beside == ((1, "a"), (1, "Out.txt"))
    assert layout.apart == ((2, "a/b"), (2, "out.txt"))


@pytest.mark.parametrize("name", ["shard-2/log.txt", "Shard-2/x", "shard-0002/a.csv", "shard-1"])
def test_a_file_that_looks_like_another_shards_stands_in_its_own_shards_folder(name: str) -> None:
    layout = lay_out({1: [name], 2: ["b"]}, is_case_sensitive=True)
    assert (layout.beside, layout.apart) == (((2, "b"),), ((1, name),))


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"id,label\n", b"id,label"),
        (b"\xef\xbb\xbfid,label\r\n", b"id,label"),
        (b'"a ""quoted"" name",b\n', b'"a ""quoted"" name",b'),
        (b'"a name of\n', None),
        (b"", None),
        (b"\n", None),
        (b"i\0d\0\n", None),
        (b"x" * (1 << 21), None),
    ],
)
def test_a_header_is_a_first_line_that_is_whole(line: bytes, header: bytes | None) -> None:
    assert header_of(line) == header
