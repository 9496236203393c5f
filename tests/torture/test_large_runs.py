"""A pull needs little memory, however long the log and the history of a run are."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.programs import start_program

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

SCRIPT = """
with open("history.csv", "w") as history:
    history.write("epoch,loss,val_loss\\n")
    for epoch in range(4_000_000):
        history.write(f"{epoch},0.1234567890,0.1234567890\\n")
line = "x" * 9_999
for number in range(24_000):
    print(line)
"""
HISTORY_BYTES, LOG_BYTES = 120_000_000, 240_000_000
LARGEST_MEGABYTES = 200

# Pulls the latest run, and prints the exit code and the most memory in MB. getrusage would count
# the memory of the process that started this one.
PROGRAM = """
import re
from pathlib import Path
from kitctl.cli.main import main
code = main(["--quiet", "pull-results", "--local"])
print(code, int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_a_long_history_and_a_long_log_are_pulled_in_little_memory(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, SCRIPT)
    kitctl("push", "--local")
    assert kitctl("wait", "--local").code == 0
    output, _ = start_program(PROGRAM).communicate(timeout=500)
    code, megabytes = output.splitlines()[-1].split()
    assert (code, int(megabytes) < LARGEST_MEGABYTES) == ("0", True), megabytes
    folder = project / "results" / "small-job" / "v1"
    assert (folder / "history.csv").stat().st_size > HISTORY_BYTES
    assert (folder / "log.txt").stat().st_size >= LOG_BYTES
