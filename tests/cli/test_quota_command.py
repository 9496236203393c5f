"""`kitctl quota`, and `kitctl push` where the week's hours do not suffice, as a user types them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.ledgers import write_ledger
from support.local_kaggle import LocalKaggle, start_local_kaggle, until
from support.projects import single_script
from support.runs import run

from kitctl.adapters.kaggle import KaggleApi
from kitctl.cli.main import main
from kitctl.domain.quota import QuotaReading

# It could use both GPUs, and says so; what it does is to wait.
SCRIPT = """# {slug}
import time
if False:
    import torch
    torch.nn.DataParallel
time.sleep({seconds})
"""


@dataclass
class Desk:
    """A user's machine: a home for kitctl, with its local Kaggle running."""

    home: Path
    server: LocalKaggle
    capture: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of one command against the local Kaggle."""
        self.capture.readouterr()
        code = main([*words, "--local"])
        return code, *self.capture.readouterr()

    def quota(self, *words: str) -> Any:
        code, out, err = self.run("quota", "--json", *words)
        assert code == 0, err
        return json.loads(out)["data"]

    def project(self, slug: str, seconds: float = 600) -> str:
        """A project that would push a script which sleeps so long, on two T4s."""
        title = slug.replace("-", " ").capitalize()
        script = SCRIPT.format(slug=slug, seconds=seconds)
        return str(single_script(self.home / "projects" / slug, script, id=slug, title=title))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, LocalKaggle]]:
    folder = tmp_path_factory.mktemp("home")
    server = start_local_kaggle(folder / "local")
    yield folder, server
    server.stop()


@pytest.fixture
def desk(
    home: tuple[Path, LocalKaggle],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    folder, server = home
    server.reset()
    server.settings(queue_seconds=0)
    server.set_clock("2026-11-25T12:00:00Z")
    for file in folder.glob("ledger.sqlite*"):
        file.unlink()
    monkeypatch.setenv("KITCTL_HOME", str(folder))
    monkeypatch.chdir(folder)
    with local_zone(monkeypatch, "Europe/Berlin"):
        yield Desk(folder, server, capsys)


@contextmanager
def local_zone(monkeypatch: pytest.MonkeyPatch, zone: str) -> Iterator[None]:
    """The machine's own time zone, for a while."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


def test_a_push_that_cannot_fit_is_refused_and_nothing_was_sent(desk: Desk) -> None:
    desk.server.use_elsewhere("gpu", "2026-11-23T00:00:00Z", "2026-11-24T04:30:00Z")
    project = desk.project("car-runs")
    push = ("push", "--project", project, "--json")

    code, out, _ = desk.run(*push, "--timeout", "2h")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (4, "quota_exceeded")
    assert "1 h 30 min" in error["message"]
    assert "--timeout 1h30m" in error["hint"]
    assert desk.server.calls("SaveKernel") == 0

    code, out, err = desk.run(*push, "--timeout", "2h", "--force")
    assert code == 0, err
    assert any("1 h 30 min" in warning for warning in json.loads(out)["data"]["warnings"])
    assert desk.server.calls("SaveKernel") == 1


def test_two_pushes_at_once_never_both_pass_where_only_one_fits(desk: Desk) -> None:
    desk.server.use_elsewhere("gpu", "2026-11-23T00:00:00Z", "2026-11-24T03:00:00Z")
    desk.server.fault("latency", seconds=0.2)
    words = [sys.executable, "-m", "kitctl", "push", "--local", "--timeout", "2h", "--json"]
    at_once = [
        subprocess.Popen(
            [*words, "--project", desk.project(slug)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for slug in ("first-one", "second-one")
    ]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in at_once]
    assert sorted(process.returncode for process in at_once) == [0, 4]
    (refused,) = (answer for answer in answers if not answer["ok"])
    assert refused["error"]["code"] == "quota_exceeded"
    assert desk.server.calls("SaveKernel") == 1


def test_a_third_gpu_session_is_refused_before_kaggle_does(desk: Desk) -> None:
    push = ("push", "--timeout", "1h", "--json", "--project")
    for slug in ("first-one", "second-one"):
        code, _, err = desk.run(*push, desk.project(slug))
        assert code == 0, err
    code, out, _ = desk.run(*push, desk.project("third-one"))
    assert (code, json.loads(out)["error"]["code"]) == (4, "sessions_full")
    assert desk.server.calls("SaveKernel") == 2
    code, _, err = desk.run(*push, desk.project("third-one"), "--accelerator", "cpu")
    assert code == 0, err


def test_quota_answers_as_the_contract_says(desk: Desk) -> None:
    desk.server.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T01:00:00Z")
    project = desk.project("car-runs", seconds=0.2)
    code, _, err = desk.run("push", "--project", project, "--timeout", "2h")
    assert code == 0, err
    until(lambda: desk.server.status("car-runs", 1) == "COMPLETE")
    said = desk.quota("--project", project)
    gpu, tpu = said["accelerators"]
    names = {"name", "used_seconds", "reserved_seconds", "allowed_seconds", "left_seconds"}
    assert names <= gpu.keys()
    assert (gpu["name"], tpu["name"]) == ("gpu", "tpu")
    assert gpu["left_seconds"] + gpu["used_seconds"] == gpu["allowed_seconds"] == 30 * 3600
    assert (said["resets_at"], said["source"]) == ("2026-11-28T00:00:00Z", "kaggle")
    (run,) = said["runs"]
    assert (run["run"], run["status"]) == ("local/car-runs/1", "COMPLETE")
    assert run["seconds"] + said["outside_seconds"] == pytest.approx(gpu["used_seconds"])
    assert said["forecast"]["run_seconds"] is not None
    assert said["forecast"]["fits"] > 0


def test_quota_draws_bars_with_local_times_for_people(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.server.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T10:00:00Z")
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = desk.run("quota")
    assert code == 0
    assert "20.0 h left of 30.0 h · resets Sat 28 Nov 01:00 CET, in 2 d 11 h" in out
    assert "outside kitctl" in out
    assert "\x1b[" not in out
    assert max(len(line) for line in out.splitlines()) <= 80
    with local_zone(monkeypatch, "Asia/Tokyo"):
        assert "resets Sat 28 Nov 09:00 JST" in desk.run("quota")[1]


def test_quota_writes_the_weeks_as_a_picture_and_as_a_table(desk: Desk) -> None:
    desk.server.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T10:00:00Z")
    plot, table = desk.home / "new" / "weeks.png", desk.home / "new" / "weeks.csv"
    code, _, err = desk.run("quota", "--plot", str(plot), "--csv", str(table))
    assert code == 0, err
    assert plot.read_bytes().startswith(b"\x89PNG")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["week_starts_at"] for row in rows}) == 8
    now = [row for row in rows if row["week_starts_at"] == "2026-11-21T00:00:00Z"]
    hours = {row["part"]: row["hours"] for row in now if row["accelerator"] == "gpu"}
    assert hours == {"outside": "10.0", "reserved": "0.0", "left": "20.0", "allowed": "30.0"}
    assert [file.name for file in (desk.home / "new").iterdir() if "part" in file.name] == []


def test_a_picture_that_cannot_be_written_is_one_sentence(desk: Desk) -> None:
    (desk.home / "file").write_text("", "utf-8")
    code, out, err = desk.run("quota", "--plot", str(desk.home / "file" / "weeks.png"))
    assert code == 3
    assert "cannot be written" in err
    assert "Traceback" not in err
    assert out == ""


def test_quota_says_that_an_estimate_is_one(desk: Desk) -> None:
    desk.quota()
    desk.server.fault("status", "GetAcceleratorQuotaStatistics", status=403, count=9)
    code, out, err = desk.run("quota")
    assert code == 0
    assert "about 30.0 h left" in out
    assert "estimate" in err
    assert "interactive sessions" in err
    desk.server.clear_faults()


def test_account_and_hours_are_asked_for_once_and_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours_are_asked_for = threading.Event()
    quota, account = KaggleApi.quota, KaggleApi.account

    def hasty(kaggle: KaggleApi) -> QuotaReading:
        hours_are_asked_for.set()
        return quota(kaggle)

    def patient(kaggle: KaggleApi) -> str:
        assert hours_are_asked_for.wait(20), "the one was asked for after the other"
        return account(kaggle)

    monkeypatch.setattr(KaggleApi, "quota", hasty)
    monkeypatch.setattr(KaggleApi, "account", patient)
    desk.quota()
    assert desk.server.calls("IntrospectToken") == 1
    assert desk.server.calls("GetAcceleratorQuotaStatistics") == 1


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, where one run that ended a minute ago is known, and no credentials."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE_", "KITCTL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KITCTL_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    now = time.time()
    write_ledger(tmp_path / "ledger.sqlite", [run(now - 120, now - 60, version=3)])
    return tmp_path


@pytest.mark.parametrize("token", ["", "t0k3n"])
def test_where_kaggle_cannot_be_asked_the_ledgers_own_sum_is_shown_as_an_estimate(
    token: str, away: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", token)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert main(["quota"]) == 0
    said = capsys.readouterr()
    assert "about 30.0 h left of 30.0 h" in said.out and "ada/cars" in said.out
    assert "This is an estimate" in said.err and "interactive sessions" in said.err
    assert ("proxy" if token else "credentials") in said.err
    assert "Trying again" not in said.err

    assert main(["quota", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert (data["source"], data["outside_seconds"]) == ("ledger", None)
    assert data["unread_because"]
    assert [one["run"] for one in data["runs"]] == ["ada/cars/3"]

    assert main(["runs", "--all"]) == 0
    said = capsys.readouterr()
    assert "ada/cars/3" in said.out and "as last seen" in said.err


def test_without_credentials_and_without_a_past_there_is_nothing_to_estimate(
    away: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (away / "ledger.sqlite").unlink()
    assert main(["quota", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "no_credentials"


def test_the_history_shows_every_week_asked_for(desk: Desk) -> None:
    desk.server.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T10:00:00Z")
    code, out, _ = desk.run("quota", "--weeks", "4")
    assert code == 0
    for week in ("31 Oct 2026", "7 Nov 2026", "14 Nov 2026", "21 Nov 2026"):
        assert week in out
    assert len(desk.quota("--weeks", "4")["weeks"]) == 4
    assert desk.run("quota", "--weeks", "0")[0] == 2
