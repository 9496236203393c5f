"""Secrets of a run on this machine: the stand-in of kaggle_secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sandbox_runs import run

from kitctl.sandbox import secrets

GET = """
from kaggle_secrets import UserSecretsClient
import os
value = UserSecretsClient().get_secret("hf-token")
print(len(value), value)
open("length.txt", "w").write(str(len(value)))
assert value not in os.environ.values()
"""


def test_a_secret_of_the_users_environment_reaches_the_run_and_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITCTL_SECRET_HF_TOKEN", "hf_0123456789")
    code, printed, started = run(tmp_path / "run", GET)
    assert (code, printed.text("stderr")) == (0, "")
    assert printed.text() == "13 ***\n"
    assert (started.working / "length.txt").read_text("utf-8") == "13"
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert files and not [path for path in files if b"hf_0123456789" in path.read_bytes()]


def test_the_values_are_gone_after_a_stopped_run_too(tmp_path: Path) -> None:
    from kitctl.sandbox import runner

    started = runner.start(
        tmp_path / "run",
        b"import time; time.sleep(600)",
        {},
        environment={},
        internet=False,
        on_line=lambda *_: None,
        secret_values={"KITCTL_SECRET_HF": "value"},
    )
    file = tmp_path / "run/kit" / secrets.FILE_NAME
    assert file.stat().st_mode & 0o777 == 0o600
    started.stop()
    assert not file.exists()


def test_a_secret_without_a_value_is_an_error_that_says_how_to_give_one(tmp_path: Path) -> None:
    code, printed, _ = run(tmp_path / "run", GET, secret_values={})
    assert code == 1
    assert "BackendError: No value was given here for the secret 'hf-token'" in printed.text(
        "stderr"
    )
    assert "KITCTL_SECRET_HF_TOKEN=VALUE kitctl dry-run" in printed.text("stderr")


def test_only_variables_with_the_prefix_and_a_value_are_secrets() -> None:
    environment = {"KITCTL_SECRET_A": "1", "kitctl_secret_b": "2", "KITCTL_SECRET_C": "", "HF": "3"}
    assert secrets.from_environment(environment) == {"KITCTL_SECRET_A": "1", "KITCTL_SECRET_B": "2"}


def test_long_values_are_hidden_before_parts_of_them_and_short_ones_are_not() -> None:
    hide = secrets.hiding({"A": "token", "B": "token-long", "C": "x", "D": "line one\nline two"})
    assert hide("token-long token x line two\n") == "*** *** x ***\n"
