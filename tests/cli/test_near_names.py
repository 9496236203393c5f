"""Names that people type for a command are answered with the command that they mean."""

from __future__ import annotations

import shlex

import pytest
from support.command_line import Kitctl


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pull 3 --local", "pull-results 3 --local"),
        ("download alice/x-y", "pull-results alice/x-y"),
        ("output", "pull-results"),
        ("ps --all", "runs --all"),
        ("list", "runs"),
        ("run -f", "push -f"),
        ("start --set 'a=b c'", "push --set 'a=b c'"),
        ("pul_results", "pull-results"),
        ("statsu", "status"),
        ("pul 2", "pull-results 2"),
        ("kernels push -p job", "push --project job"),
        ("--project job ps", "--project job runs"),
    ],
)
def test_a_near_name_is_answered_with_the_whole_command_line(
    kitctl: Kitctl, typed: str, meant: str
) -> None:
    refused = kitctl(*shlex.split(typed), "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert refused.error["hint"] == f"kitctl {meant} --json"


@pytest.mark.parametrize("typed", ["zzzzqq", "kernels pull", "kernels"])
def test_a_word_that_is_like_no_command_is_answered_with_the_help(
    kitctl: Kitctl, typed: str
) -> None:
    refused = kitctl(*typed.split(), "--json")
    assert (refused.code, refused.error["hint"]) == (2, "kitctl --help")
