"""`kitctl doctor`, through the local Kaggle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandCall, Kitctl, write_script
from support.local_kaggle import LocalKaggle


def checks(call: CommandCall) -> dict[str, Any]:
    return {check["name"]: check for check in call.data["checks"]}


def test_doctor_shows_the_account_the_clock_and_the_sources(kitctl: Kitctl) -> None:
    found = checks(kitctl("doctor", "--local", "--json"))
    assert found["credentials"]["ok"] and "account local" in found["credentials"]["detail"]
    assert found["clock"]["ok"] and found["sources on Kaggle"]["ok"]


def test_doctor_names_a_source_that_kaggle_does_not_have(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print('hello')", dataset_sources=["local/there-is-none"])
    call = kitctl("doctor", "--local", "--json")
    assert call.code == 3
    wrong = checks(call)["sources on Kaggle"]
    assert not wrong["ok"] and "local/there-is-none" in wrong["detail"] and wrong["fix"]


def test_doctor_without_credentials_exits_with_4_as_push_would(kitctl: Kitctl) -> None:
    call = kitctl("doctor", "--json")
    assert call.code == 4
    (wrong,) = [check for check in call.data["checks"] if not check["ok"]]
    assert wrong["name"] == "credentials" and "kaggle.com/settings" in wrong["fix"]


def test_doctor_reports_a_broken_pyproject_as_the_project_and_still_asks_kaggle(
    kitctl: Kitctl, project: Path
) -> None:
    (project / "pyproject.toml").write_text("[tool", "utf-8")
    call = kitctl("doctor", "--local", "--json")
    assert call.code == 3
    found = checks(call)
    assert not found["project"]["ok"] and "not valid TOML" in found["project"]["detail"]
    assert found["credentials"]["ok"]
    assert call.error["hint"].endswith("kitctl doctor --local")


def test_doctor_exits_with_0_and_notes_where_a_push_works(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.seed("features")
    write_script(project, "import no_such_package\n", kernel_sources=["local/features"])
    call = kitctl("doctor", "--local", "--json")
    assert call.code == 0
    notes = {name for name, check in checks(call).items() if check["fix"]}
    assert "job's packages" in notes and "source local/features" in notes
    assert "· job's packages: not installed here" in kitctl("doctor", "--local").out
    assert kitctl("push", "--local", "--json").code == 0


def test_doctor_names_a_network_that_is_down_and_exits_with_5_as_push_would(
    kitctl: Kitctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "a-token")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    call = kitctl("doctor", "--json")
    assert call.code == 5
    (wrong,) = [check for check in call.data["checks"] if not check["ok"]]
    assert wrong["name"] == "network"
