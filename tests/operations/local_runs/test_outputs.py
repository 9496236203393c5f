"""The outputs of a script that ran on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support.projects import write_files

from kitctl.operations.local_runs import outputs
from kitctl.operations.local_runs.outputs import Artifact, SkippedPhoto


def test_every_file_is_listed_with_its_hash_and_links_are_not_followed(tmp_path: Path) -> None:
    write_files(tmp_path, {"plots/a.png": "picture"})
    (tmp_path / "link").symlink_to(tmp_path / "plots" / "a.png")
    sha256 = hashlib.sha256(b"picture").hexdigest()
    assert outputs.list_artifacts(tmp_path) == (Artifact("plots/a.png", 7, sha256),)


def test_a_run_without_files_gets_a_note_and_one_with_more_than_kaggle_keeps_fails() -> None:
    checks = outputs.general_checks([])
    assert all(check.ok for check in checks)
    assert "the run left no files" in [check.name for check in checks]
    huge = [Artifact("a", outputs.LARGEST_OUTPUT_BYTES + 1, "")]
    failed = [check.name for check in outputs.general_checks(huge) if not check.ok]
    assert failed == ["the files fit into what Kaggle keeps"]


@pytest.mark.parametrize("content", [None, b"", b"[1]", b"\xff{}", b"[" * 100_000])
def test_a_run_json_that_cannot_be_read_is_empty(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    assert outputs.read_report(tmp_path) == {}


def test_skipped_photos_of_another_form_are_left_out() -> None:
    assert outputs.skipped_photos([{"path": "a.jpg", "reason": "broken"}, "b.jpg"]) == (
        SkippedPhoto("a.jpg", "broken"),
    )
    assert outputs.skipped_photos("a.jpg") == ()
