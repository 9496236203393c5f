"""Notebooks on the local Kaggle: run from top to bottom by IPython, as on Kaggle."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass

import pytest
from support.local_kaggle import LocalKaggle, until
from support.local_kaggle_calls import ENDED
from support.notebooks import notebook

EXECUTED, PAGE = "__notebook__.ipynb", "__results__.html"

# Independent cells, in one notebook because each kernel takes a second to start.
CELLS = (
    "!python -c \"open('model.bin','w').write('x')\"",
    "for s in (1, 2):\n    !echo loop {s}",
    "!pip install -q \\\n    numpy",
    "print('after pip')",
    "%%writefile train.py\nprint('from train.py')",
    "!python train.py",
    "%%bash\necho hi > a.txt",
    "import pandas\ndisplay(pandas.DataFrame({'column': [41]}))",
    "_ = get_ipython().system('echo by get_ipython')",
    "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
    "files = !ls\nprint('a.txt' in files, 'model.bin' in files)",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "41 + 1",
    "import sys\nprint('to stderr', file=sys.stderr)",
)


@dataclass(frozen=True)
class Ended:
    """A notebook's run that has ended: its status, log and output files."""

    status: str
    failure: str
    log: list[tuple[str, str]]
    files: dict[str, bytes]

    @property
    def lines(self) -> list[str]:
        return [line.strip() for _, line in self.log]


def run(server: LocalKaggle, slug: str, source: str) -> Ended:
    """Push a notebook, and wait until its run has ended."""
    server.push(slug, source, kernelType="notebook")
    # A kernel, pip and a page: on a busy machine all that takes its time.
    status = until(lambda: now if (now := server.status(slug)) in ENDED else "", 120)
    answer = server.call("GetKernelSessionStatus", userName="local", kernelSlug=slug)
    page = server.call("ListKernelSessionOutput", userName="local", kernelSlug=slug, pageSize=100)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return Ended(
        status,
        answer.get("failureMessage", ""),
        [(line["stream_name"], line["data"]) for line in json.loads(page["log"])],
        {file["fileName"]: opener.open(file["url"]).read() for file in page.get("files", [])},
    )


@pytest.fixture(scope="module")
def ended(local_kaggle_server: LocalKaggle) -> Ended:
    """The run of a notebook with all of `CELLS`."""
    local_kaggle_server.reset()
    local_kaggle_server.settings(queue_seconds=0)
    result = run(local_kaggle_server, "many-cells", notebook(*CELLS))
    assert result.status == "COMPLETE", result
    return result


def test_a_line_for_the_shell_leaves_its_file_among_the_outputs(ended: Ended) -> None:
    assert ended.files["model.bin"] == b"x"


def test_a_shell_line_in_a_loop_sees_the_loops_variable(ended: Ended) -> None:
    assert [line for line in ended.lines if line.startswith("loop")] == ["loop 1", "loop 2"]


def test_a_shell_line_goes_on_after_a_backslash(ended: Ended) -> None:
    assert "after pip" in ended.lines


def test_a_file_written_by_a_cell_can_be_run_by_the_next(ended: Ended) -> None:
    assert "from train.py" in ended.lines
    assert ended.files["train.py"] == b"print('from train.py')\n"


def test_a_cell_for_bash_runs_in_bash(ended: Ended) -> None:
    assert ended.files["a.txt"] == b"hi\n"


@pytest.mark.parametrize("line", ["0      41", "by get_ipython", "awaited", "True True", "42"])
def test_what_ipython_adds_to_python_works(ended: Ended, line: str) -> None:
    assert line in ended.lines


def test_each_line_has_its_stream(ended: Ended) -> None:
    assert ("stderr", "to stderr\n") in ended.log
    assert ("stdout", "awaited\n") in ended.log


def test_the_executed_notebook_and_its_page_are_among_the_outputs(ended: Ended) -> None:
    cells = json.loads(ended.files[EXECUTED])["cells"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(CELLS) + 1))
    assert "image/png" in cells[11]["outputs"][0]["data"]
    page = ended.files[PAGE].decode()
    assert "data:image/png;base64," in page and "from train.py" in page


def test_a_cell_that_fails_is_named_with_its_line_and_earlier_outputs_are_kept(
    local_kaggle: LocalKaggle,
) -> None:
    ended = run(
        local_kaggle,
        "failing-cell",
        notebook("open('early.txt', 'w').close()", "x = 1\nraise ValueError('boom')", "print(3)"),
    )
    assert ended.status == "ERROR"
    assert ended.failure == ("The script ended with exit code 1: cell 2, line 2: ValueError: boom")
    assert sorted(ended.files) == [EXECUTED, PAGE, "early.txt"]
    assert "3" not in ended.lines


def test_a_kernel_that_is_killed_ends_the_run_with_its_cell(local_kaggle: LocalKaggle) -> None:
    ended = run(local_kaggle, "killed-kernel", notebook("1", "import os; os.kill(os.getpid(), 9)"))
    assert (ended.status, ended.failure) == (
        "ERROR",
        "The script ended with exit code 1: cell 2: the kernel ended in it "
        "(killed, or out of memory).",
    )


def test_a_notebook_sees_a_secret_and_shows_it_nowhere(local_kaggle: LocalKaggle) -> None:
    secrets = {"KITCTL_SECRET_HF": "hf_0123456789"}
    local_kaggle.admin("secrets", secrets=secrets)
    read = "from kaggle_secrets import UserSecretsClient\nUserSecretsClient().get_secret('HF')"
    ended = run(local_kaggle, "secret-reader", notebook(read))
    local_kaggle.admin("secrets", secrets={})
    assert ended.status == "COMPLETE"
    assert "'***'" in ended.lines
    assert not [name for name, data in ended.files.items() if b"hf_0123456789" in data]
