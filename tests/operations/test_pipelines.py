"""`pipelines` here: the job runs once, its table and pictures are moved to the chosen folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kitctl.errors import InvalidInput, RunFailed
from kitctl.operations import pipelines
from kitctl.packing.plan import Plan
from kitctl.ports import NullReporter

TABLE = (
    "name,photos_per_second,slowest,fastest,cached_photos_per_second,"
    "peak_bytes,pipeline_bytes,photos,rounds\n"
    "naive,100.5,90.0,110.0,101.0,600,10,40,3\n"
)
METADATA = SimpleNamespace(enable_internet=False)
PLAN = cast(
    Plan, SimpleNamespace(script=b"", script_name="script.py", is_job=True, metadata=METADATA)
)


class EndedRun:
    """A run that has ended with `code` and left its outputs."""

    isolation = "none"

    def __init__(self, working: Path, code: int) -> None:
        self.working = working
        self.code = code

    def wait(self, timeout: float | None = None) -> int | None:
        return self.code

    def stop(self) -> None:
        raise AssertionError("it has ended already")


def ending_with(code: int, *lines: str) -> Callable[..., EndedRun]:
    def start(
        root: Path,
        script: bytes,
        mounts: Mapping[str, Path],
        *,
        on_line: Callable[[str, str, float], None],
        **_: Any,
    ) -> EndedRun:
        working = root / "working"
        (working / "timelines").mkdir(parents=True)
        (working / "timelines" / "naive.png").write_bytes(b"new")
        (working / "pipelines.csv").write_text(TABLE, encoding="utf-8")
        for line in lines:
            on_line("stderr", line, 0.0)
        return EndedRun(working, code)

    return start


def test_table_and_pictures_replace_those_of_an_earlier_measurement(tmp_path: Path) -> None:
    (tmp_path / "timelines").mkdir()
    (tmp_path / "timelines" / "naive.png").write_bytes(b"old")
    result = pipelines.measure(
        PLAN, {}, out=tmp_path, runner=ending_with(0), reporter=NullReporter()
    )
    assert [(pipeline.name, pipeline.photos_per_second) for pipeline in result.pipelines] == [
        ("naive", 100.5)
    ]
    assert result.pictures == (tmp_path / "timelines" / "naive.png",)
    assert result.pictures[0].read_bytes() == b"new"
    assert {path.name for path in tmp_path.iterdir()} == {"pipelines.csv", "timelines"}


@pytest.mark.parametrize(("code", "expected"), [(3, InvalidInput), (1, RunFailed)])
def test_the_error_of_a_failed_job_is_shown_and_the_folder_stays_as_it_was(
    tmp_path: Path, code: int, expected: type[Exception]
) -> None:
    runner = ending_with(code, "error: no photos at all\n")
    with pytest.raises(expected, match="no photos at all"):
        pipelines.measure(PLAN, {}, out=tmp_path, runner=runner, reporter=NullReporter())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_classes_and_a_folder_of_splits_are_both_accepted(tmp_path: Path) -> None:
    (tmp_path / "car").mkdir()
    settings = pipelines.pipelines_settings(tmp_path, 2.0)
    assert (settings["train_folder"], settings["valid_folder"]) == (".", ".")
    (tmp_path / "train" / "car").mkdir(parents=True)
    settings = pipelines.pipelines_settings(tmp_path, 2.0)
    assert (settings["train_folder"], settings["valid_folder"]) == ("train", "train")
    assert settings["read_delay_ms"] == 2.0


def test_a_folder_without_class_folders_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="needs one for each class"):
        pipelines.pipelines_settings(tmp_path, 0.0)
    with pytest.raises(InvalidInput):
        pipelines.pipelines_settings(tmp_path / "missing", 0.0)


def test_without_a_folder_the_jobs_own_photos_are_measured() -> None:
    assert pipelines.pipelines_settings(None, 0.0) == {"task": "pipelines", "read_delay_ms": 0.0}
