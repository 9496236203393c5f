"""The example of docs/long-jobs.md keeps the contract that stands above it."""

from __future__ import annotations

import re
from pathlib import Path

from support.command_line import Kitctl, write_script
from support.source_files import PROJECT

# As much of PyTorch as the example uses: it is too large to be installed for tests.
TORCH = """
import json
from pathlib import Path
from types import SimpleNamespace

class Stateful:
    def __init__(self, *arguments):
        self.state = {"steps": 0}
    def state_dict(self):
        return dict(self.state)
    def load_state_dict(self, state):
        self.state = state
    def parameters(self):
        return []

nn, optim = SimpleNamespace(Linear=Stateful), SimpleNamespace(Adam=Stateful)

def save(state, path):
    Path(path).write_text(json.dumps(state))

def load(path, weights_only):
    return json.loads(Path(path).read_text())
"""
TRAIN = """
def train_one_epoch(model, optimizer):
    model.state["steps"] += 1

"""


def test_the_example_leaves_all_of_its_state_in_its_last_session(
    kitctl: Kitctl, project: Path
) -> None:
    document = (PROJECT / "docs/long-jobs.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    # Three epochs in place of 40, and time for one in a session.
    short = example.replace("11.5 * 3600", "0").replace("41", "4").replace("40", "3")
    write_script(project, TRAIN + short)
    (project / "torch.py").write_text(TORCH, "utf-8")
    call = kitctl("push", "--local", "--until-done", "--json")
    assert call.code == 0, call.err
    assert [run["session"] for run in call.data["runs"]] == [1, 2, 3]
    pulled = kitctl("pull-results", "--local", "--json").data
    state = Path(pulled["out"], "state.pt").read_text("utf-8")
    assert '"epoch": 3' in state
    assert '"steps": 3' in state
