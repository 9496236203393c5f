"""`kitctl quota`, through the local Kaggle and without any."""

from __future__ import annotations

import csv
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.ledgers import write_ledger
from support.local_kaggle import LocalKaggle, until
from support.runs import run

from kitctl.adapters.kaggle import KaggleApi
from kitctl.domain.quota.quota import QuotaReading


@contextmanager
def machine_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the machine's own time zone inside the block."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def ten_hours_used(midweek: LocalKaggle) -> LocalKaggle:
    """The same, after ten hours of an interactive session."""
    midweek.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T10:00:00Z")
    return midweek


def test_quota_data_adds_up_and_names_the_runs_and_the_forecast(
    kitctl: Kitctl, project: Path, midweek: LocalKaggle
) -> None:
    midweek.use_elsewhere("gpu", "2026-11-24T00:00:00Z", "2026-11-24T01:00:00Z")
    script = "import time\nif False:\n    import torch\n    torch.nn.DataParallel\ntime.sleep(0.2)"
    write_script(project, script, enable_gpu="true", machine_shape="NvidiaTeslaT4")
    assert kitctl("push", "--local", "--timeout", "2h").code == 0
    until(lambda: midweek.status("small-job", 1) == "COMPLETE")
    data = kitctl("quota", "--local", "--json").data
    gpu, tpu = data["accelerators"]
    assert (gpu["name"], tpu["name"]) == ("gpu", "tpu")
    assert gpu["left_seconds"] + gpu["used_seconds"] == gpu["allowed_seconds"] == 30 * 3600
    assert (data["resets_at"], data["source"]) == ("2026-11-28T00:00:00Z", "kaggle")
    (use,) = data["runs"]
    assert (use["run"], use["status"]) == ("local/small-job/1", "COMPLETE")
    assert use["seconds"] + data["outside_seconds"] == pytest.approx(gpu["used_seconds"])
    assert data["forecast"]["run_seconds"] is not None
    assert data["forecast"]["fits"] > 0


def test_quota_draws_bars_with_local_times(
    kitctl: Kitctl, ten_hours_used: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with machine_in("Europe/Berlin", monkeypatch):
        call = kitctl("quota", "--local")
    assert call.code == 0
    assert "20.0 h left of 30.0 h · resets Sat 28 Nov 01:00 CET, in 2 d 11 h" in call.out
    assert "outside kitctl" in call.out
    assert "\x1b[" not in call.out
    assert max(len(line) for line in call.out.splitlines()) <= 80
    with machine_in("Asia/Tokyo", monkeypatch):
        assert "resets Sat 28 Nov 09:00 JST" in kitctl("quota", "--local").out


def test_quota_writes_the_weeks_as_a_picture_and_as_a_table(
    kitctl: Kitctl, ten_hours_used: LocalKaggle, tmp_path: Path
) -> None:
    plot, table = tmp_path / "new" / "weeks.png", tmp_path / "new" / "weeks.csv"
    assert kitctl("quota", "--local", "--plot", str(plot), "--csv", str(table)).code == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["week_starts_at"] for row in rows}) == 8
    this_week = [row for row in rows if row["week_starts_at"] == "2026-11-21T00:00:00Z"]
    hours = {row["part"]: row["hours"] for row in this_week if row["accelerator"] == "gpu"}
    assert hours == {"outside": "10.0", "reserved": "0.0", "left": "20.0", "allowed": "30.0"}
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"weeks.png", "weeks.csv"}


def test_quota_reports_a_picture_that_cannot_be_written(
    kitctl: Kitctl, midweek: LocalKaggle, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    call = kitctl("quota", "--local", "--plot", str(tmp_path / "file" / "weeks.png"))
    assert call.code == 3
    assert "cannot be written" in call.err
    assert call.out == ""


def test_quota_marks_an_estimate_where_kaggle_gives_no_hours(
    kitctl: Kitctl, midweek: LocalKaggle
) -> None:
    kitctl("quota", "--local")
    midweek.fault("status", "GetAcceleratorQuotaStatistics", status=403, count=9)
    call = kitctl("quota", "--local")
    assert call.code == 0
    assert "about 30.0 h left" in call.out
    assert "This is an estimate" in call.err
    assert "interactive sessions" in call.err


def test_quota_requests_account_and_hours_once_and_at_the_same_time(
    kitctl: Kitctl, midweek: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours_requested = threading.Event()
    quota, account = KaggleApi.quota, KaggleApi.account

    def note_request(kaggle: KaggleApi) -> QuotaReading:
        hours_requested.set()
        return quota(kaggle)

    def wait_for_the_other(kaggle: KaggleApi) -> str:
        assert hours_requested.wait(20), "the account was requested first, and alone"
        return account(kaggle)

    monkeypatch.setattr(KaggleApi, "quota", note_request)
    monkeypatch.setattr(KaggleApi, "account", wait_for_the_other)
    assert kitctl("quota", "--local").code == 0
    assert midweek.calls("IntrospectToken") == 1
    assert midweek.calls("GetAcceleratorQuotaStatistics") == 1


def test_quota_shows_as_many_weeks_as_are_asked_for(
    kitctl: Kitctl, ten_hours_used: LocalKaggle
) -> None:
    call = kitctl("quota", "--local", "--weeks", "4")
    for week in ("31 Oct 2026", "7 Nov 2026", "14 Nov 2026", "21 Nov 2026"):
        assert week in call.out
    assert len(kitctl("quota", "--local", "--weeks", "4", "--json").data["weeks"]) == 4


def test_quota_refuses_less_than_one_week(kitctl: Kitctl) -> None:
    assert kitctl("quota", "--local", "--weeks", "0").code == 2


def test_quota_outside_a_project_has_no_forecast(
    kitctl: Kitctl, midweek: LocalKaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "home")
    assert kitctl("quota", "--local", "--json").data["forecast"] is None


@pytest.mark.parametrize("file", ["kernel-metadata.json", "pyproject.toml"])
def test_quota_does_not_take_a_broken_project_for_no_project(
    kitctl: Kitctl, project: Path, file: str
) -> None:
    (project / file).write_text("[{", "utf-8")
    assert kitctl("quota", "--local").code == 3


def test_quota_refuses_a_named_folder_that_is_no_project(kitctl: Kitctl, tmp_path: Path) -> None:
    call = kitctl("quota", "--local", "--project", str(tmp_path), "--json")
    assert (call.code, call.error["code"]) == (3, "no_project")


@pytest.fixture
def home_without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose ledger knows one run that ended a minute ago."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE_", "KITCTL_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "other-home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KITCTL_HOME", str(home))
    monkeypatch.chdir(home)
    now = time.time()
    write_ledger(home / "ledger.sqlite", [run(now - 120, now - 60, version=3)])
    return home


@pytest.mark.parametrize("token", ["", "t0k3n"])
def test_quota_estimates_from_the_ledger_where_kaggle_cannot_be_reached(
    token: str, kitctl: Kitctl, home_without_credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", token)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    call = kitctl("quota")
    assert "about 30.0 h left of 30.0 h" in call.out and "ada/cars" in call.out
    assert "This is an estimate" in call.err
    assert ("proxy" if token else "credentials") in call.err
    assert "Trying again" not in call.err

    data = kitctl("quota", "--json").data
    assert (data["source"], data["outside_seconds"]) == ("ledger", None)
    assert data["unread_because"]
    assert [use["run"] for use in data["runs"]] == ["ada/cars/3"]


def test_quota_without_credentials_and_without_a_ledger_is_refused(
    kitctl: Kitctl, home_without_credentials: Path
) -> None:
    (home_without_credentials / "ledger.sqlite").unlink()
    call = kitctl("quota", "--json")
    assert (call.code, call.error["code"]) == (4, "no_credentials")
