"""The results of `kitctl local …` on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def draw_running(running: Mapping[str, Any], console: Console) -> None:
    console.print(f"The local Kaggle runs at {running['endpoint']} (pid {running['pid']}).")
    state = running["state"]
    for line in (
        f"State, endpoint and token: {state}",
        "To send the official client there:",
        f"  export KAGGLE_API_ENVIRONMENT=LOCALHOST http_proxy={running['endpoint']}",
        f"  export KAGGLE_API_TOKEN='{state}/token'; unset NO_PROXY no_proxy",
    ):
        console.print(line, soft_wrap=True)


def draw_opened(opened: Mapping[str, Any], console: Console) -> None:
    console.print(opened["link"] or f"Opened {opened['endpoint']}", soft_wrap=True)


def draw_down(down: Mapping[str, Any], console: Console) -> None:
    console.print(f"No local Kaggle runs on {down['state']}.", soft_wrap=True)


def draw_stopped(stopped: Mapping[str, Any], console: Console) -> None:
    if stopped["stopped"]:
        console.print("The local Kaggle has ended; its state is kept.")
    else:
        draw_down(stopped, console)


def draw_reset(wiped: Mapping[str, Any], console: Console) -> None:
    console.print(f"The local Kaggle in {wiped['state']} is as on its first day.", soft_wrap=True)
