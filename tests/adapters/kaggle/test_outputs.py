"""What an ended run left, as Kaggle lists it: pages, sizes, and a log of any length."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.local_setup import LocalSetup

from kitctl.adapters.kaggle import connect_local, outputs
from kitctl.errors import NetworkFailed

LINES = [f"line {number}" for number in range(2000)]


def pieces_of(text: str, size: int = 7) -> list[object]:
    parts: Iterator[str] = (text[start : start + size] for start in range(0, len(text), size))
    return list(outputs.pieces_of_log(parts))


def test_a_log_that_is_not_json_is_passed_on_as_it_is() -> None:
    texts = "".join(piece["data"] for piece in pieces_of("plain\nwords\n"))  # type: ignore[index]
    assert texts == "plain\nwords\n"
    assert "".join(piece["data"] for piece in pieces_of("")) == ""  # type: ignore[index]


def test_a_log_that_turns_into_something_else_keeps_what_was_read() -> None:
    first, *rest = pieces_of('[{"data": "a\\n"}, oh no')
    assert first == {"data": "a\n"}
    assert "".join(piece["data"] for piece in rest) == "oh no"  # type: ignore[index]


def test_pieces_that_are_no_objects_are_left_out() -> None:
    assert pieces_of('[1, null, {"data": "a"}, "b"]') == [{"data": "a"}]


def test_a_log_that_breaks_off_goes_on_without_a_line_twice(setup: LocalSetup) -> None:
    target = setup.seed(log=LINES)
    for after_bytes in (20_000, 50_000, 5):
        setup.server.fault("drop", "ListKernelSessionOutput", after_bytes=after_bytes)
    assert [line.text for line in setup.kaggle.log(target.ref)] == LINES


def test_a_log_that_never_comes_whole_is_an_error(
    setup: LocalSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "MAX_PAUSE_SECONDS", 0.0)
    target = setup.seed(log=LINES)
    setup.server.fault("drop", "ListKernelSessionOutput", after_bytes=20_000, count=None)
    with pytest.raises(NetworkFailed):
        list(setup.kaggle.log(target.ref))


def test_a_list_that_breaks_off_is_requested_again(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "f{}", "bytes": 1, "count": 50}], log=LINES)
    setup.server.fault("drop", "ListKernelSessionOutput", after_bytes=1000, count=2)
    assert len(list(setup.kaggle.outputs(target.ref))) == 50


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "", "[1]"])
def test_a_list_that_is_not_kaggles_is_an_error(
    setup: LocalSetup, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(outputs, "MAX_PAUSE_SECONDS", 0.0)
    target = setup.seed()
    setup.kaggle = connect_local(setup.server.endpoint, setup.server.token, total_seconds=0.1)
    setup.server.fault("answer", "ListKernelSessionOutput", body=body, count=None)
    with pytest.raises(NetworkFailed):
        list(setup.kaggle.outputs(target.ref))
    with pytest.raises(NetworkFailed):
        list(setup.kaggle.log(target.ref))


def test_sizes_are_read_as_numbers_and_as_text(setup: LocalSetup) -> None:
    target = setup.seed()
    files = [
        {"name": "a", "size": 3, "creationDate": "2026-11-10T10:00:00Z"},
        {"name": "b", "size": "12345678901"},
        {"name": "c"},
        {"name": "d", "size": -1},
        {"name": "e", "size": True},
    ]
    setup.server.fault("answer", "ListKernelFiles", body=json.dumps({"files": files}))
    sizes = [file.bytes for file in setup.kaggle.listed_files(target.ref)]
    assert sizes == [3, 12345678901, None, None, None]


def test_a_page_that_names_itself_as_the_next_ends_the_list(setup: LocalSetup) -> None:
    target = setup.seed()
    page = json.dumps({"files": [{"name": "a", "size": 1}], "nextPageToken": "again"})
    setup.server.fault("answer", "ListKernelFiles", body=page, count=None)
    assert len(list(setup.kaggle.listed_files(target.ref))) == 2
