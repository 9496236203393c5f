"""`quota` and `runs` answer from the ledger while a server drips its answer for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from support.command_line import Kitctl
from support.dripping_server import dripping_server
from support.local_kaggle import LocalKaggle


@pytest.fixture
def dripping(request: pytest.FixtureRequest, local_kaggle: LocalKaggle) -> Iterator[None]:
    """A server that drips, in the place of the local Kaggle."""
    endpoint = local_kaggle.state / "endpoint"
    own = endpoint.read_text("utf-8")
    with dripping_server(request.param) as port:
        endpoint.write_text(f"http://127.0.0.1:{port}\n", "utf-8")
        yield
    endpoint.write_text(own, "utf-8")


@pytest.fixture
def pushed(kitctl: Kitctl) -> str:
    """A run in the ledger, whose end nobody has seen."""
    run: str = kitctl("push", "--local", "--json").data["run"]
    return run


@pytest.mark.parametrize(
    ("command", "dripping"), [("quota", "headers"), ("runs", "chunks")], indirect=["dripping"]
)
def test_a_brief_command_answers_from_the_ledger_in_seconds(
    command: str, pushed: str, dripping: None, kitctl: Kitctl
) -> None:
    started = time.monotonic()
    call = kitctl(command, "--local", "--json")
    # Two seconds for all its requests; a patient command waits for two minutes.
    assert time.monotonic() - started < 8
    assert call.code == 0
    if command == "quota":
        assert call.data["source"] == "ledger"
    else:
        assert [run["run"] for run in call.data["runs"]] == [pushed]
