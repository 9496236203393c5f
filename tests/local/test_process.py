"""The server's process: its address, its port, its folder, and what survives its end."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle, start_local_kaggle, until

from kitctl.errors import InvalidInput, Refused
from kitctl.local.process import serve

BEATING = """
import time
print("started", flush=True)
while True:
    with open("beats.txt", "a") as beats:
        beats.write(".")
    time.sleep(0.02)
"""


def start_beating(server: LocalKaggle) -> None:
    """Push BEATING and wait until it runs."""
    server.push("endless", BEATING)
    until(lambda: list(server.state.glob("sessions/*/run/working/beats.txt")))


def has_stopped(state: Path) -> bool:
    """Return whether the run of BEATING writes no more."""
    (beats,) = state.glob("sessions/*/run/working/beats.txt")
    before = beats.stat().st_size
    time.sleep(0.3)
    return beats.stat().st_size == before


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", ""])
def test_it_listens_on_no_address_but_loopback(tmp_path: Path, host: str) -> None:
    with pytest.raises(InvalidInput, match="does not listen"):
        serve(tmp_path / "state", host=host)


def test_a_folder_is_served_by_one_process_only(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(Refused, match=r"serves .* already"):
        serve(local_kaggle.state)


def test_a_taken_port_is_refused_by_its_number(local_kaggle: LocalKaggle, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=f"Port {local_kaggle.port} is taken"):
        serve(tmp_path / "state", port=local_kaggle.port)


def test_after_kill_9_a_new_server_has_all_state_and_the_old_runs_have_failed(
    tmp_path: Path,
) -> None:
    server = start_local_kaggle(tmp_path / "state")
    try:
        server.seed("old-one", machineShape="NvidiaTeslaT4", startedAt=server.now())
        start_beating(server)
        endpoint, quota = server.endpoint, server.call("GetAcceleratorQuotaStatistics")
        server.kill()
        server.restart()
        assert (server.endpoint, server.call("GetAcceleratorQuotaStatistics")) == (endpoint, quota)
        assert server.status("old-one", 1) == "COMPLETE"
        assert server.status("endless", 1) == "ERROR"
        page = server.call("ListKernelSessionOutput", userName="local", kernelSlug="endless")
        assert [file["fileName"] for file in page["files"]] == ["beats.txt"]
        assert server.log("endless")[0]["data"] == "started\n"
        until(lambda: has_stopped(server.state))
    finally:
        server.stop()


def test_a_stopped_server_ends_its_runs(tmp_path: Path) -> None:
    server = start_local_kaggle(tmp_path / "state")
    start_beating(server)
    server.stop()
    until(lambda: has_stopped(server.state))
    server.restart()
    try:
        assert server.status("endless", 1) == "ERROR"
    finally:
        server.stop()


def test_a_server_ends_when_its_folder_is_removed(tmp_path: Path) -> None:
    server = start_local_kaggle(tmp_path / "state")
    shutil.rmtree(server.state)
    server.process.wait(20)
    server.stop()
