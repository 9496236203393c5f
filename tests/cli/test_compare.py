"""`kitctl compare` on results that are here."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.pulled_results import write_results

from kitctl.render.compare_plot import GREY

SLOW = {"loss": [0.69, 0.6, 0.5], "val_loss": [0.69, 0.65, 0.62]}
FAST = {"loss": [0.69, 0.4, 0.2], "val_loss": [0.69, 0.45, 0.52]}


@pytest.fixture
def two_runs(project: Path) -> Path:
    """Versions 1 and 2 of the project, pulled; they differ in one setting."""
    results = project / "results" / "small-job"
    for version, rate, history in ((1, 0.001, SLOW), (2, 0.01, FAST)):
        write_results(
            results / f"v{version}",
            f"local local/small-job/{version}",
            history=history,
            report={"settings": {"rate": rate, "units": [6]}, "seconds": {"total": 90.0}},
        )
    return results


def test_compare_shows_the_settings_that_differ_and_names_the_better_run(
    kitctl: Kitctl, two_runs: Path
) -> None:
    call = kitctl("compare", "1", "2", "--local", "--json")
    assert call.data["differing"] == {
        "rate": {"local/small-job/1": 0.001, "local/small-job/2": 0.01}
    }
    assert (call.data["metric"], call.data["better"]) == ("val_loss", "local/small-job/2")
    assert [run["best_epoch"] for run in call.data["runs"]] == [3, 2]
    shown = kitctl("compare", "1", "2", "--local").out
    assert "units" not in shown
    assert "v2 is better" in shown


def test_compare_works_on_what_pull_results_has_fetched_of_any_script(
    kitctl: Kitctl, project: Path
) -> None:
    for number in (1, 2):
        script = f"import json; json.dump({{'score': {number}}}, open('metrics.json', 'w'))"
        write_script(project, script)
        kitctl("push", "--local", "--follow")
        kitctl("pull-results", "--local")
    call = kitctl("compare", "1", "2", "--local", "--json")
    assert (call.data["metric"], call.data["better"]) == ("score", "local/small-job/2")


def test_a_picture_of_many_runs_gives_colours_to_the_best_and_grey_to_the_others(
    kitctl: Kitctl, project: Path
) -> None:
    from matplotlib.image import imread

    results = project / "results" / "small-job"
    for version in range(1, 10):
        loss = [0.7, 0.7 - version / 20]
        write_results(
            results / f"v{version}",
            f"local local/small-job/{version}",
            history={"loss": loss, "val_loss": loss},
            report={"settings": {"rate": version}},
        )

    def grey_pixels(versions: range) -> int:
        names = [str(version) for version in versions]
        assert kitctl("compare", *names, "--local", "--plot", "curves.png").code == 0
        pixels = (imread("curves.png")[..., :3] * 255).round()
        grey = [int(GREY[place : place + 2], 16) for place in (1, 3, 5)]
        return int((pixels == grey).all(axis=-1).sum())

    # Edges of letters and frames have a few, too.
    assert grey_pixels(range(1, 10)) > 10 * grey_pixels(range(1, 8))


def test_compare_writes_the_table_and_one_picture(kitctl: Kitctl, two_runs: Path) -> None:
    call = kitctl("compare", "1", "2", "--local", "--csv", "runs.csv", "--plot", "curves.png")
    assert call.code == 0, call.err
    heading, first, _ = Path("runs.csv").read_text("utf-8").splitlines()
    assert heading.startswith("run,rate,best_epoch,val_loss_best,val_loss_last")
    assert first.startswith("v1,0.001,3,0.62,0.62")
    assert Path("curves.png").read_bytes().startswith(b"\x89PNG")


def test_compare_orders_many_runs_by_a_metric_and_fits_80_columns(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for number in range(1, 7):
        folder = project / "results" / "small-job" / f"v{number}"
        metrics = {f"metric_{name}": number / 10 for name in "abcdefgh"}
        write_results(folder, f"local local/small-job/{number}", metrics=metrics)
    numbers = [str(number) for number in range(1, 7)]
    shown = kitctl("compare", *numbers, "--local", "--metric", "metric_c", "--sort", "metric_c").out
    assert [line[:2] for line in shown.splitlines()[1:7]] == ["v6", "v5", "v4", "v3", "v2", "v1"]
    assert "too wide for this window" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("1",), "too_few_runs"),
        (("1", "7"), "not_pulled"),
        (("1", "2", "--metric", "odd"), "no_metric"),
        (("1", "2", "--sort", "odd"), "no_column"),
    ],
)
def test_compare_refuses_what_it_cannot_compare(
    kitctl: Kitctl, two_runs: Path, words: tuple[str, ...], code: str
) -> None:
    assert kitctl("compare", *words, "--local", "--json").error["code"] == code


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text(
    kitctl: Kitctl, two_runs: Path
) -> None:
    for version, name in ((3, "=1+1"), (4, "@x")):
        report = {"settings": {"name": name}}
        write_results(two_runs / f"v{version}", metrics={"score": version}, report=report)
    kitctl("compare", *(str(two_runs / f"v{number}") for number in (3, 4)), "--csv", "runs.csv")
    assert ",'=1+1," in Path("runs.csv").read_text("utf-8")
