"""`kitctl report`, and the page in Chromium."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.browser import OpenedPage
from support.command_line import Kitctl, write_script
from support.projects import write_files
from support.pulled_results import write_results

HISTORY = {
    "loss": [0.7, 0.5, 0.3],
    "val_loss": [0.7, 0.6, 0.65],
    "accuracy": [0.5, 0.7, math.nan],
}
SCRIPT = "</script><script>window.hacked = 1; alert(1)</script>"
HANDLER = "<img src=x onerror='window.hacked = 1'>"
REACHES_OUT = "<link rel=stylesheet href=https://example.org/x.css>"
ODD_NAMES = [SCRIPT, HANDLER, REACHES_OUT, "{{ 7*7 }}", "\u202eevil\x1b[31m", "'\"&<>", "__proto__"]


def results_of_a_run(folder: Path, version: int = 1, **changed: Any) -> Path:
    """Write results with everything that a page shows."""
    report = {
        "settings": {"rate": version / 10, "units": [6]},
        "changed_settings": {"rate": version / 10},
        "reading": {"verdict": "overfits", "words": "Overfits: since epoch 2.", "chance": 0.69},
        "seconds": {"total": 3600},
    }
    values = {"history": HISTORY, "metrics": {"val_loss": 0.6}, "report": report, **changed}
    write_results(folder, f"local local/small-job/{version}", log="line 1\nline 2\n", **values)
    rows = ["path,true,predicted,probability,probability_of_true"]
    rows += ["Car/1.jpg,Car,Car,0.9,0.9", "Car/2.jpg,Car,Truck,0.8,0.2"]
    (folder / "predictions.csv").write_text("\n".join(rows), "utf-8")
    (folder / "plots").mkdir(exist_ok=True)
    Image.new("RGB", (60, 40), "red").save(folder / "plots" / "photos.png")
    return folder


def page_of(kitctl: Kitctl, *words: str) -> Path:
    call = kitctl("report", *words, "--local", "--json")
    assert call.data["bytes"] == Path(call.data["out"]).stat().st_size
    return Path(call.data["out"])


def test_the_page_of_a_run_answers_what_was_tried_and_how_good_it_is(
    kitctl: Kitctl, project: Path, opened_page: OpenedPage
) -> None:
    results_of_a_run(project / "results" / "small-job" / "v1")
    out = page_of(kitctl)
    assert out == project / "results" / "small-job" / "v1.html"
    page = opened_page.open(out.as_uri())
    assert (opened_page.messages, opened_page.other_requests) == ([], [])
    assert page.locator("h1").inner_text() == "local/small-job/1"
    assert "Overfits: since epoch 2." in page.locator("main").inner_text()
    assert "Car/2.jpg" in page.locator("main").inner_text()
    assert page.locator("img").evaluate("image => image.naturalWidth") == 60
    assert page.get_by_role("row", name="Car 2 50.0% 100.0%").count() == 1


@pytest.mark.parametrize("width", [360, 800, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_its_window(
    kitctl: Kitctl, project: Path, opened_page: OpenedPage, width: int, scheme: Any
) -> None:
    for version in (1, 2):
        results_of_a_run(project / "results" / "small-job" / f"v{version}", version)
    opened_page.page.set_viewport_size({"width": width, "height": 800})
    opened_page.page.emulate_media(color_scheme=scheme)
    page = opened_page.open(page_of(kitctl, "1", "2").as_uri())
    assert not opened_page.overflows()
    assert opened_page.messages == []
    assert page.locator(".chart canvas").count() == 6


def test_a_page_of_many_long_runs_stays_below_3_megabytes(
    kitctl: Kitctl, project: Path, opened_page: OpenedPage
) -> None:
    curve = [1 / epoch for epoch in range(1, 1001)]
    for version in range(1, 91):
        folder = project / "results" / "small-job" / f"v{version}"
        write_results(
            folder,
            f"local local/small-job/{version}",
            history={"loss": curve, "val_loss": [*curve[:499], 0.0, *curve[500:]]},
        )
    out = page_of(kitctl, *map(str, range(1, 91)))
    assert out.stat().st_size < 3_000_000
    page = opened_page.open(out.as_uri())
    chart = page.locator(".chart").nth(1)
    assert "every 2 epochs" in chart.inner_text()
    chart.locator("summary").click()
    # The best epoch and the last one are always there.
    assert chart.get_by_role("row", name="500 ").count() == 1
    assert chart.get_by_role("row", name="1000 ").count() == 1
    assert opened_page.messages == []


def test_values_are_read_with_the_mouse_and_with_the_keyboard(
    kitctl: Kitctl, project: Path, opened_page: OpenedPage
) -> None:
    results_of_a_run(project / "results" / "small-job" / "v1")
    page = opened_page.open(page_of(kitctl).as_uri())
    chart = page.locator(".chart").first
    chart.locator(".u-over").hover(position={"x": 2, "y": 40})
    assert chart.locator(".readout").inner_text().split("\n")[0] == "epoch 1"
    chart.locator(".plot").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "validation 0.6000" in chart.locator(".readout").inner_text()
    chart.get_by_role("button", name="log scale").click()
    assert chart.locator("canvas").count() == 1
    chart.locator("summary").click()
    chart.locator("tbody tr").first.wait_for()
    assert chart.locator("tbody tr").count() == 3
    assert opened_page.messages == []


def test_nothing_in_a_hostile_run_runs_or_reaches_out(
    kitctl: Kitctl, project: Path, opened_page: OpenedPage
) -> None:
    text = " ".join(ODD_NAMES)
    folder = results_of_a_run(
        project / "results" / "small-job" / "v1",
        history={name: [1.0, 2.0] for name in [*ODD_NAMES[:4], ODD_NAMES[6]]},
        metrics={name: name for name in ODD_NAMES},
        report={
            "base": text,
            "settings": {name: [name] for name in ODD_NAMES},
            "changed_settings": {name: name for name in ODD_NAMES},
            "reading": {"verdict": text, "words": text, "chance": text},
            "photos": {name: {name: name} for name in ODD_NAMES},
            "seconds": {"total": 10**400},
        },
    )
    (folder / "log.txt").write_text("\n".join(ODD_NAMES), "utf-8")
    rows = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in ODD_NAMES]
    table = "\n".join(["path,true,predicted", *(f"{row},{row},Car" for row in rows)])
    (folder / "predictions.csv").write_text(table, "utf-8")
    (folder / "plots" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (folder / "plots" / "link.png").symlink_to("/etc/passwd")
    page = opened_page.open(page_of(kitctl).as_uri())
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert page.evaluate("window.hacked") is None
    assert (opened_page.messages, opened_page.other_requests) == ([], [])
    assert page.locator("img").count() == 1
    assert SCRIPT in page.locator("main").inner_text()
    assert "{{ 7*7 }}" in page.locator("main").inner_text()
    assert "\u202e" not in page.content()
    assert "\x1b" not in page.content()
    assert not opened_page.overflows()


def test_the_policy_of_the_page_forbids_every_script_but_its_own(
    kitctl: Kitctl, project: Path, opened_page: OpenedPage
) -> None:
    results_of_a_run(project / "results" / "small-job" / "v1")
    page = opened_page.open(page_of(kitctl).as_uri())
    page.evaluate(
        "const script = document.createElement('script');"
        "script.textContent = 'window.hacked = 1';"
        "document.body.append(script);"
        "fetch('https://example.org/').catch(() => {});"
    )
    assert page.evaluate("window.hacked") is None
    assert all("Content Security Policy" in message for message in opened_page.messages)
    assert len(opened_page.messages) >= 2


def test_pull_results_writes_a_page_of_any_script_and_names_it(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, "open('metrics.json', 'w').write('{\"score\": 2}')")
    pushed = kitctl("push", "--local", "--follow")
    out = project / "results" / "small-job" / "v1.html"
    assert f"writes {out}" in pushed.err
    pulled = kitctl("pull-results", "--local")
    assert pulled.out.splitlines()[-1] == f"report     {out}"
    assert "score" in out.read_text("utf-8")


def test_a_run_that_reports_nothing_of_itself_gets_no_page_from_a_pull(
    kitctl: Kitctl, project: Path
) -> None:
    kitctl("push", "--local", "--follow")
    assert kitctl("pull-results", "--local", "--json").data["page"] is None


def test_a_page_with_large_pictures_stays_below_three_megabytes(
    kitctl: Kitctl, project: Path
) -> None:
    folder = results_of_a_run(project / "results" / "small-job" / "v1")
    for number in range(3):
        noise = Image.effect_noise((1500, 1500), 200)
        noise.save(folder / "plots" / f"noise-{number}.png", compress_level=0)
    out = page_of(kitctl)
    assert out.stat().st_size < 3_000_000
    assert "noise-2.png" in out.read_text("utf-8")


def test_report_says_what_to_do_where_no_run_was_pulled(kitctl: Kitctl) -> None:
    call = kitctl("report", "--local", "--json")
    assert (call.code, call.error["code"]) == (3, "not_pulled")
    assert "pull-results" in call.error["hint"]


def test_open_needs_follow(kitctl: Kitctl) -> None:
    assert kitctl("push", "--local", "--open").code == 2


def test_a_page_holds_no_file_that_a_link_leads_to(kitctl: Kitctl, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("a private line", "utf-8")
    write_files(tmp_path / "run", {"metrics.json": '{"loss": 0.1}'})
    (tmp_path / "run" / "log.txt").symlink_to(tmp_path / "private.txt")
    os.mkfifo(tmp_path / "run" / "history.csv")
    assert kitctl("report", str(tmp_path / "run")).code == 0
    assert "a private line" not in (tmp_path / "run.html").read_text("utf-8")


def test_a_file_of_the_users_own_is_not_replaced_by_a_page(kitctl: Kitctl, tmp_path: Path) -> None:
    write_files(tmp_path, {"run/metrics.json": '{"loss": 0.1}', "run.html": "mine"})
    refused = kitctl("report", str(tmp_path / "run"), "--json")
    assert (refused.code, refused.error["code"]) == (3, "file_in_use")
    assert (tmp_path / "run.html").read_text("utf-8") == "mine"
    (tmp_path / "run.html").unlink()
    assert [kitctl("report", str(tmp_path / "run")).code for _ in range(2)] == [0, 0]


def test_a_file_that_cannot_be_read_is_named(kitctl: Kitctl, tmp_path: Path) -> None:
    write_files(tmp_path, {"a/metrics.json": '{"loss": 1, "x"', "b/metrics.json": '{"loss": 1}'})
    for command in ("compare", "report"):
        named = kitctl(command, str(tmp_path / "a"), str(tmp_path / "b"))
        assert f"metrics.json of {tmp_path / 'a'} is no JSON" in " ".join(named.err.split())
