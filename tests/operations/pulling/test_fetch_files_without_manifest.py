"""Files that no manifest describes: the size in Kaggle's list decides what is one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_setup import LocalSetup
from support.results import files_on_disk

TEXT = json.dumps({"error": {"code": 3, "message": "the job's own"}})
XML = "<?xml version='1.0'?><Error><Code>none</Code></Error>"
JSON_TYPE = {"Content-Type": "application/json"}


def answer_downloads(setup: LocalSetup, body: str, count: int | None = None, **how: Any) -> None:
    setup.server.fault("answer", "download", body=body, count=count, **how)


@pytest.mark.parametrize(
    "body",
    ["Service Unavailable", "", '{"error": "busy"}', "<html>busy</html>", "x" * 3000, "x" * 4999],
)
def test_a_body_of_another_size_is_not_kept(setup: LocalSetup, body: str) -> None:
    target = setup.seed(files=[{"name": "scores.bin", "bytes": 5000}])
    answer_downloads(setup, body, count=2)
    result = setup.pull(target)
    assert (setup.folder / "scores.bin").stat().st_size == 5000
    assert result.failure is None
    setup.pull(target)
    (setup.folder / "scores.bin").unlink()
    answer_downloads(setup, body)
    failed = setup.pull(target, tries=2)
    assert [file.path for file in failed.failed] == ["scores.bin"]
    assert files_on_disk(setup.folder) == set()
    assert failed.failure is not None and failed.failure.exit_code == 5


def test_a_body_that_ends_with_its_connection_is_fetched_whole(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "scores.bin", "bytes": 5000}])
    headers = {"Connection": "close", "Transfer-Encoding": "identity"}
    answer_downloads(setup, "x" * 4000, count=2, headers=headers)
    assert setup.pull(target).failure is None
    assert (setup.folder / "scores.bin").stat().st_size == 5000


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("answer.json", TEXT, "application/json"),
        ("answer.xml", XML, "application/xml"),
        ("page.txt", "<!DOCTYPE html><html></html>", "text/html"),
        ("page.dat", "<!DOCTYPE html><html></html>", "text/html"),
    ],
)
def test_a_file_of_the_right_size_may_look_like_an_error(
    setup: LocalSetup, name: str, content: str, content_type: str
) -> None:
    target = setup.seed(files=[{"name": name, "text": content}])
    answer_downloads(setup, content, headers={"Content-Type": content_type})
    assert setup.pull(target).failure is None
    assert (setup.folder / name).read_text("utf-8") == content


def test_an_empty_file_is_a_file(setup: LocalSetup) -> None:
    result = setup.pull(setup.seed(files=[{"name": "empty.txt", "text": ""}]))
    assert result.failure is None
    assert (setup.folder / "empty.txt").read_bytes() == b""


def test_a_file_that_has_another_size_in_the_list_now_is_fetched_again(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "a.txt", "text": "alpha"}], manifest=True)
    setup.pull(target)
    (setup.folder / "a.txt").write_text("alphabet", "utf-8")
    assert {file.path: file.state for file in setup.pull(target).files}["a.txt"] == "fetched"


def test_without_sizes_an_error_message_is_still_no_file(setup: LocalSetup) -> None:
    target = setup.seed(files=[{"name": "scores.bin", "bytes": 5000}])
    setup.server.fault("status", "ListKernelFiles", status=403, count=None)
    answer_downloads(setup, '{"error": "busy"}', count=2, headers=JSON_TYPE)
    assert setup.pull(target).failure is None
    assert (setup.folder / "scores.bin").stat().st_size == 5000
