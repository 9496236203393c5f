"""Outputs that are odd: names, case, logs of the run's own, reports that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_setup import LocalSetup
from support.results import file_names, files_on_disk

from kitctl.errors import InvalidInput, NetworkFailed
from kitctl.render import streams
from kitctl.render.pull_results import draw_pulled


def text_files(**contents: str) -> list[dict[str, Any]]:
    return [{"name": name.replace("_", "."), "text": text} for name, text in contents.items()]


def test_files_that_differ_by_case_are_both_kept(setup: LocalSetup) -> None:
    if (setup.folder.parent / setup.folder.parent.name.upper()).exists():
        pytest.skip("this file system does not keep them apart")
    names = ("Case.txt", "case.txt", "plots/A", "Plots/A")
    files = [{"name": name, "text": name} for name in names]
    result = setup.pull(setup.seed(files=files, manifest=True))
    assert files_on_disk(setup.folder) == {*names, "manifest.json"}
    assert result.verified and result.failure is None


@pytest.mark.parametrize("name", ["con.txt", "dot.", "a/b"])
def test_a_promised_file_that_cannot_be_written_is_a_failure(setup: LocalSetup, name: str) -> None:
    files = [{"name": name, "text": "x"}]
    target = setup.seed(files=files, manifest=True)
    listing = [file._asdict() for file in setup.kaggle.outputs(target.ref)]
    listed = [{"fileName": file["name"], "url": file["url"]} for file in listing]
    # `a` beside `a/b` exists on no disk, so that the local Kaggle can only be made to list it.
    listed.insert(0, {"fileName": "a", "url": listed[0]["url"]})
    page = json.dumps({"files": listed})
    setup.server.fault("answer", "ListKernelSessionOutput", body=page, count=None)
    result = setup.pull(target)
    assert [refused.path for refused in result.refused] == [name]
    assert not result.verified
    assert isinstance(result.failure, NetworkFailed)
    assert (result.failure.exit_code, result.failure.code) == (5, "files_refused")


def test_a_refused_file_that_nobody_asked_for_is_no_failure(setup: LocalSetup) -> None:
    files = text_files(a_txt="alpha", con_txt="x")
    result = setup.pull(setup.seed(files=files, manifest=True), only="a.*")
    assert result.failure is None and result.verified


def test_a_file_that_kaggle_does_not_list_is_a_failure(setup: LocalSetup) -> None:
    promised = {"path": "gone.bin", "bytes": 4, "sha256": "0" * 64}
    manifest = json.dumps({"schema": "kitctl-manifest/1", "files": [promised]})
    result = setup.pull(setup.seed(files=[{"name": "manifest.json", "text": manifest}]))
    assert result.failure is not None
    assert (result.failure.exit_code, result.failure.code) == (5, "files_missing")


def test_logs_of_the_runs_own_survive(setup: LocalSetup) -> None:
    files = text_files(log_txt="the run's", log_kaggle_txt="the run's too")
    target = setup.seed(files=files, log=["Kaggle's"])
    for _ in range(2):
        result = setup.pull(target)
        assert result.log.read_text("utf-8") == "Kaggle's\n"
        assert (setup.folder / "log.txt").read_text("utf-8") == "the run's"
        assert (setup.folder / "log.kaggle.txt").read_text("utf-8") == "the run's too"
        assert result.moved == ()


def test_a_log_that_does_not_come_does_not_end_the_pull(setup: LocalSetup) -> None:
    target = setup.seed(files=text_files(a_txt="alpha"))
    page = {"files": [{"fileName": "a.txt", "url": next(setup.kaggle.outputs(target.ref)).url}]}
    bodies = json.dumps(page), "<html>"
    for body, count in zip(bodies, (1, None), strict=True):
        setup.server.fault("answer", "ListKernelSessionOutput", body=body, count=count)
    result = setup.pull(target)
    assert file_names(result) == {"a.txt"}
    assert [file.path for file in result.failed] == ["log.txt"]


@pytest.mark.parametrize(
    ("pattern", "near"), [("plot/*.png", "plots/curves.png"), ("metric.json", "metrics.json")]
)
def test_a_pattern_that_matches_nothing_is_an_error_with_near_names(
    setup: LocalSetup, pattern: str, near: str
) -> None:
    files = [{"name": name, "text": "x"} for name in ("plots/curves.png", "metrics.json", "a.txt")]
    with pytest.raises(InvalidInput) as caught:
        setup.pull(setup.seed(files=files), only=pattern)
    assert caught.value.code == "no_match" and near in str(caught.value.hint)
    assert not setup.folder.exists()


def test_the_log_may_be_pulled_alone(setup: LocalSetup) -> None:
    result = setup.pull(setup.seed(files=text_files(a_txt="x"), log=["hello"]), only="log*")
    assert (file_names(result), result.log.read_text("utf-8")) == (set(), "hello\n")


ODD_REPORTS = {
    "history.csv": [
        "loss\n" + "1" * 200_000,
        "loss\n" + "1" * 2_000_000,
        'loss\n"' + "1\n" * 200_000,
    ],
    "metrics.json": ["[" * 100_000, "x" * 5_000_000, "{", "[1]", '{"a": ' + "9" * 5000 + "}"],
    "run.json": ["[" * 100_000, '{"a": ' * 50_000, "x" * 5_000_000],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(name, content, id=f"{name} {place}")
        for name, contents in ODD_REPORTS.items()
        for place, content in enumerate(contents)
    ],
)
def test_a_report_that_cannot_be_read_is_named(setup: LocalSetup, name: str, content: str) -> None:
    result = setup.pull(setup.seed(files=[{"name": name, "text": content}], manifest=True))
    assert result.verified and result.failure is None
    assert [file.path for file in result.summary.unreadable] == [name]
    assert f"not shown  {name}" in drawn(result)


@pytest.mark.parametrize(
    "files",
    [
        {"history.csv": "loss,n\n" + "inf,-inf\nnan,1e308\n-1e308,1e999\n" * 50},
        {"history.csv": "loss\n1e308\n-1e308\n" * 100},
        {"history.csv": ",".join(f"c{n}" for n in range(30_000)) + "\n" + ",".join("1" * 30_000)},
        {"metrics.json": '{"a": NaN, "b": 1e999, "total_seconds": Infinity, "c_seconds": -1e308}'},
        {"metrics.json": json.dumps({f"metric {number}": number for number in range(50_000)})},
        {"metrics.json": '{"\\ud800": "\\udfff", "n": %s}' % ("9" * 4000)},
        {"run.json": '{"reading": [1], "epochs": 1e400, "photos": {"a": {"b": 9e999}}}'},
        {"run.json": '{"reading": {"words": {"a": 1}}, "started_at": "9999-12-31T23:59-23:59"}'},
        {"run.json": json.dumps({"reading": {"words": "x" * 1_000_000}, "epochs": 10**300})},
    ],
)
def test_a_report_with_odd_values_is_shown_as_far_as_it_goes(
    setup: LocalSetup, files: dict[str, str]
) -> None:
    odd = [{"name": name, "text": text} for name, text in files.items()]
    result = setup.pull(setup.seed(files=odd, manifest=True))
    assert result.verified and result.failure is None
    assert len(drawn(result)) < 100_000


def drawn(result: Any) -> str:
    """Return what the screen shows of a pull."""
    import io

    stream = io.StringIO()
    draw_pulled(result, streams.console(stream))
    return stream.getvalue()
