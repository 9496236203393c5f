"""Local folders that stand in for Kaggle sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import write_files

from kitctl.domain.job.metadata import Sources
from kitctl.errors import InvalidInput, UsageError
from kitctl.operations.local_runs import prepare_sources
from kitctl.ports import NullReporter

SOURCES = Sources(
    datasets=("ada/photos/3",),
    kernels=("ada/earlier-run",),
    competitions=("digits",),
    models=("google/gemma/keras/2b/1",),
)


class LineRecorder(NullReporter):
    """A reporter and a progress bar that record every line."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)

    warn = log = info


def test_every_kind_of_source_is_mounted_as_on_kaggle(tmp_path: Path) -> None:
    data = [f"{source}={tmp_path}" for source in SOURCES.all]
    stand_ins = prepare_sources.stand_ins(tmp_path, SOURCES, {}, data)
    assert prepare_sources.prepare(stand_ins, NullReporter()) == {
        "datasets/ada/photos": tmp_path,
        "notebooks/ada/earlier-run": tmp_path,
        "competitions/digits": tmp_path,
        "models/google/gemma/keras/2b/1": tmp_path,
    }


def test_an_option_outranks_the_settings_and_may_name_the_slug_only(tmp_path: Path) -> None:
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
    settings = {"ada/photos": "theirs"}
    sources = Sources(datasets=("ada/photos",))
    for data, folder in (([], "theirs"), ([f"photos={tmp_path}/mine"], "mine")):
        (stand_in,) = prepare_sources.stand_ins(tmp_path, sources, settings, data)
        assert stand_in.folder == tmp_path / folder


def test_a_recipe_runs_once_and_is_reported(tmp_path: Path) -> None:
    recipe = "from pathlib import Path\nPath('files').mkdir()\nprint('made')\n"
    write_files(tmp_path, {"data/recipe.py": recipe})
    sources, settings = Sources(datasets=("ada/photos",)), {"ada/photos": "data"}
    reporter = LineRecorder()
    for _ in range(2):
        stand_ins = prepare_sources.stand_ins(tmp_path, sources, settings, ())
        mounts = prepare_sources.prepare(stand_ins, reporter)
        assert mounts == {"datasets/ada/photos": tmp_path / "data/files"}
    assert [line for line in reporter.lines if "made" in line] == [reporter.lines[0], "made"]


def test_a_recipe_that_fails_is_an_error_with_its_last_line(tmp_path: Path) -> None:
    write_files(tmp_path, {"data/recipe.py": "raise SystemExit('the hash is wrong')\n"})
    stand_ins = prepare_sources.stand_ins(
        tmp_path, Sources(datasets=("ada/photos",)), {"ada/photos": "data"}, ()
    )
    with pytest.raises(InvalidInput, match="the hash is wrong"):
        prepare_sources.prepare(stand_ins, NullReporter())


def test_a_source_without_a_stand_in_gives_a_warning_that_names_the_setting(tmp_path: Path) -> None:
    reporter = LineRecorder()
    stand_ins = prepare_sources.stand_ins(tmp_path, Sources(datasets=("ada/photos",)), {}, ())
    assert prepare_sources.prepare(stand_ins, reporter) == {}
    assert "ada/photos" in reporter.lines[0]
    assert "[tool.kitctl.sources]" in reporter.lines[0]


@pytest.mark.parametrize(
    ("option", "message"),
    [("photos", "SLUG=DIR"), ("cars=.", "no source called"), ("photos=no", "no folder")],
)
def test_wrong_data_options_are_refused(option: str, message: str, tmp_path: Path) -> None:
    with pytest.raises((InvalidInput, UsageError), match=message):
        prepare_sources.stand_ins(tmp_path, Sources(datasets=("ada/photos",)), {}, [option])
