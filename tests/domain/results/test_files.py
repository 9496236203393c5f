"""Names and contents that come from outside."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.domain.results.files import (
    DownloadedFile,
    RunIdentity,
    check_names,
    compact_time,
    free_name,
    is_error_body,
    parse_manifest,
    reason_to_refuse,
)

SHA256 = "ab" * 32


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../x",
        "a/../../x",
        "..",
        ".",
        "/x",
        "//host/x",
        "C:\\x",
        "C:x",
        "c:/x",
        "\\\\host\\share\\x",
        "a\\b",
        "a//b",
        "a/",
        "./a",
        "a\0b",
        "a\nb",
        "CON",
        "con.txt",
        "a/NUL",
        "lpt1.log",
        "COM¹",
        "dot.",
        "blank ",
        "a./b",
        ".kitctl/files.jsonl",
        ".KITCTL/x",
        "x" * 300,
        "\ud800",
    ],
)
def test_a_name_that_may_lead_elsewhere_is_refused(name: str) -> None:
    assert reason_to_refuse(name, windows=False)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "model.keras",
        "plots/curves.png",
        "saved_model/variables/v.data-00000-of-00001",
        "ein Bild ü.png",
        "..a",
        "...a",
        "12:30.log",
        "console.txt",
        "日本語.csv",
        "-rf",
        ".hidden",
    ],
)
def test_an_ordinary_name_is_accepted(name: str) -> None:
    assert reason_to_refuse(name, windows=False) is None


@pytest.mark.parametrize("name", ["12:30.log", "a?.txt", 'a"b', "a|b", "file:stream"])
def test_on_windows_more_names_are_refused(name: str) -> None:
    assert reason_to_refuse(name, windows=True)


@given(st.text(max_size=40))
def test_an_accepted_name_never_leads_out_of_the_folder(name: str) -> None:
    if reason_to_refuse(name) is None:
        path = PurePosixPath("/results") / name
        assert path.parts[:2] == ("/", "results") and ".." not in path.parts
        assert str(path.relative_to("/results")) == name


def test_of_names_that_a_file_system_takes_for_the_same_one_is_accepted() -> None:
    accepted, refused = check_names(["a", "A", "straße", "STRASSE", "e\u0301", "\u00e9", "a"])
    assert accepted == ["a", "straße", "e\u0301"]
    assert [one.path for one in refused] == ["A", "STRASSE", "\u00e9"]


@pytest.mark.parametrize("names", [["a", "a/b"], ["a/b", "a"], ["A/b", "a"]])
def test_a_file_that_is_also_a_folder_is_refused(names: list[str]) -> None:
    accepted, refused = check_names(names)
    assert accepted == names[:1] and [one.path for one in refused] == names[1:]


def test_names_that_differ_by_case_are_kept_where_the_file_system_keeps_them_apart() -> None:
    names = ["a", "A", "e\u0301", "\u00e9", "b/c", "B"]
    assert check_names(names, is_case_sensitive=True) == (names, [])
    assert [one.path for one in check_names(names)[1]] == ["A", "\u00e9", "B"]


def test_the_log_takes_the_first_name_that_the_run_has_not_used() -> None:
    candidates = ["log.txt", "log.kaggle.txt", "log.kaggle-2.txt"]
    assert free_name(candidates, ["a.txt"]) == "log.txt"
    assert free_name(candidates, ["LOG.txt"]) == "log.kaggle.txt"
    assert free_name(candidates, ["log.txt/a", "log.kaggle.txt"]) == "log.kaggle-2.txt"


IDENTITY = RunIdentity("local local/job/1", "m1", "l1")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (IDENTITY, True),
        (replace(IDENTITY, listing="l2"), True),  # The manifest says that the files are equal.
        (replace(IDENTITY, manifest=""), True),  # It could not be fetched once.
        (replace(IDENTITY, manifest="m2"), False),
        (replace(IDENTITY, manifest="", listing="l2"), False),
        (replace(IDENTITY, manifest="", listing=""), False),
        (replace(IDENTITY, run="kaggle local/job/1"), False),
        (None, False),
    ],
)
def test_a_run_is_told_from_others_of_its_name(other: RunIdentity | None, is_same: bool) -> None:
    assert IDENTITY.is_same_run(other) is is_same


@pytest.mark.parametrize(
    ("time", "compact"),
    [
        ("2026-11-10T10:30:00.123456789Z", "20261110-103000"),
        ("2026-11-10T10:30:00+01:00", "20261110-093000"),
        ("../../x", "19700101-000100"),
        ("", "19700101-000100"),
    ],
)
def test_a_time_becomes_a_part_of_a_name(time: str, compact: str) -> None:
    assert compact_time(time, 60.0) == compact


def test_a_manifest_lists_bytes_and_hashes() -> None:
    files = [{"path": "a", "bytes": 3, "sha256": SHA256}]
    read = parse_manifest(json.dumps({"schema": "kitctl-manifest/1", "files": files}).encode())
    assert read and (read["a"].bytes, read["a"].sha256) == (3, SHA256)
    assert read["a"].matches(DownloadedFile(3, SHA256))
    assert not read["a"].matches(DownloadedFile(4, SHA256))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b" " * 20_000_000,
        b'{"schema": "kitctl-manifest/1", "files": {"a": 1}}',
        b'{"schema": "kitctl-manifest/1", "files": [[]]}',
        b'{"schema": "another/1", "files": []}',
        b'{"schema": "kitctl-manifest/1"}',
        b'{"schema": "kitctl-manifest/1", "files": [1]}',
        b'{"schema": "kitctl-manifest/1", "files": [{"path": "a", "bytes": "3", "sha256": ""}]}',
        b'{"schema": "kitctl-manifest/1", "files": [{"path": "a", "bytes": -3, "sha256": "ab"}]}',
        json.dumps(
            {
                "schema": "kitctl-manifest/1",
                "files": [{"path": "a", "bytes": 3, "sha256": SHA256, "blake2b": "0"}],
            }
        ).encode(),
        json.dumps(
            {
                "schema": "kitctl-manifest/1",
                "files": [
                    {"path": "twice", "bytes": 3, "sha256": SHA256},
                    {"path": "twice", "bytes": 4, "sha256": SHA256},
                ],
            }
        ).encode(),
        b'{"schema": "kitctl-manifest/1", "files": [{"path": "a", "sha256": "%s", "bytes": %s}]}'
        % (SHA256.encode(), b"9" * 400),
    ],
)
def test_content_that_is_no_manifest_is_ignored(content: bytes) -> None:
    assert parse_manifest(content) is None


@pytest.mark.parametrize(
    ("name", "content_type", "head"),
    [
        ("model.keras", "text/html", b"<!DOCTYPE html><title>Sign in</title>"),
        ("a.json", "text/html", b"\n<html>"),
        ("a.png", "application/xml", b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code>"),
        ("a.npz", "application/json", b'{"code": 403, "message": "no"}'),
    ],
)
def test_an_error_page_in_place_of_a_file_is_recognised(
    name: str, content_type: str, head: bytes
) -> None:
    assert is_error_body(name, content_type, head)


@pytest.mark.parametrize(
    ("name", "content_type", "head"),
    [
        ("report.html", "text/html", b"<!DOCTYPE html>"),
        ("metrics.json", "application/json", b'{"loss": 1}'),
        ("pom.xml", "application/xml", b"<?xml version='1.0'?><project>"),
        ("notes.txt", "text/plain", b"<html> is a tag"),
        ("empty", "", b""),
    ],
)
def test_a_file_that_only_looks_like_an_error_page_is_accepted(
    name: str, content_type: str, head: bytes
) -> None:
    assert not is_error_body(name, content_type, head)
