"""Every command of README and docs/ runs, on the local Kaggle, or says why it does not.

A document is run from top to bottom in a folder with the files that its reader has. A block of code
in `bash` is run; `<!-- not run: REASON -->` above a block says why it is not.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.documents import DOCUMENTS, ShellLine, commands, mentioned, name_of, unmarked_commands
from support.local_kaggle import LocalKaggle
from support.projects import write_files
from support.source_files import PROJECT, expect_none

NOTEBOOK = (PROJECT / "templates/notebook/notebook.ipynb").read_text("utf-8")
METRICS = "open('metrics.json', 'w').write('{\"loss\": 0.5}')\n"
TORCH = f"import sys\nif '--train' in sys.argv:\n    import torch\n{METRICS}"
TITANIC = (
    "from pathlib import Path\n"
    "test = Path('/kaggle/input/titanic/test.csv').read_text()\n"
    "Path('submission.csv').write_text(test)\n"
)
# What the reader of a document has in the folder.
READERS_FILES = {
    "notebook": {"analysis.ipynb": NOTEBOOK},
    "pytorch": {"train.py": TORCH},
    "competition": {
        "titanic.py": TITANIC,
        "data/test.csv": "PassengerId\n892\n",
        "pyproject.toml": '[tool.kitctl.sources]\n"titanic" = "data"\n',
    },
    "repository": {
        "pyproject.toml": '[tool.kitctl]\ncode = ["lib", "plugins"]\nfiles = ["configs/*.yaml"]\n',
        "configs/net.yaml": "units: 6\n",
        "lib/tools.py": "",
        "plugins/__init__.py": "",
        "src/mypkg/__init__.py": "",
        "src/mypkg/net.py": "LOSS = 0.5\n",
        "train.py": f"from mypkg.net import LOSS\nopen('configs/net.yaml').read()\n{METRICS}",
    },
    "exit-codes": {"train.py": "raise ValueError('a mistake')\n"},
    "github-actions": {"train.py": METRICS},
    "local-kaggle": {"train.py": METRICS},
    "other-services": {"train.py": METRICS},
    "sweeps": {"train.py": "print('epoch 1/1 val_loss 0.5')\n"},
    "shards": {"train.py": METRICS},
}
# Where the document takes a project for granted.
IN_A_PROJECT = {"exit-codes", "github-actions", "other-services", "shards"}
START = "kitctl init --from train.py"
# What a document exports for the commands below.
FOR_KAGGLES_CLIENT = {"STATE", "KAGGLE_API_ENVIRONMENT", "KAGGLE_API_TOKEN", "http_proxy"}
FOR_A_SHELL = re.compile(r"[|;&<>$]")


class Reader:
    """Types a document's commands, kitctl's in this process and others in a shell."""

    def __init__(self, folder: Path, kitctl: Kitctl, monkeypatch: pytest.MonkeyPatch) -> None:
        self._kitctl, self._monkeypatch = kitctl, monkeypatch
        # The shell finds this environment's programs first.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        monkeypatch.setenv("PATH", path)
        monkeypatch.chdir(folder)

    def type(self, line: ShellLine) -> None:
        """Run one line; fail where its exit code is another than the document says."""
        words = shlex.split(line.text, comments=True)
        if not words:
            return
        if words[0] == "cd":
            self._monkeypatch.chdir(words[1])
        elif words[0] == "kitctl" and not FOR_A_SHELL.search(shlex.join(words)):
            call = self._kitctl(*words[1:])
            assert call.code == line.exit_code, f"{line.place}: {line.text}\n{call.out}{call.err}"
        else:
            self._run_in_shell(line)

    def _run_in_shell(self, line: ShellLine) -> None:
        # Variables that the line sets are there for the next ones.
        script = f"set -a\n{line.text}\ncode=$?; env -0 > .environment; exit $code"
        shell = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False
        )
        output = f"{line.place}: {line.text}\n{shell.stdout}{shell.stderr}"
        assert shell.returncode == line.exit_code, output
        environment = Path(".environment")
        after = dict(item.split("=", 1) for item in environment.read_text().split("\0") if item)
        environment.unlink()
        for name in {"STATE", "KAGGLE_API_ENVIRONMENT", "KAGGLE_API_TOKEN", "http_proxy"} & {
            *after
        }:
            self._monkeypatch.setenv(name, after[name])


TRANSLATIONS = [document for document in DOCUMENTS if document.name.endswith(".zh.md")]
ORIGINALS = [document for document in DOCUMENTS if document not in TRANSLATIONS]


@pytest.mark.parametrize("document", TRANSLATIONS, ids=name_of)
def test_a_translation_has_the_commands_of_its_original(document: Path) -> None:
    original = document.with_name(document.name.replace(".zh.md", ".md"))
    typed, typed_there = (
        [shlex.split(line.text, comments=True) for line in commands(text)]
        for text in (document, original)
    )
    assert typed == typed_there


@pytest.mark.parametrize("document", ORIGINALS, ids=name_of)
def test_a_document_runs_from_top_to_bottom(
    document: Path,
    kitctl: Kitctl,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    local_kaggle: LocalKaggle,
) -> None:
    topic = document.stem
    folder = write_files(tmp_path / "readers-folder", READERS_FILES.get(topic, {".keep": ""}))
    reader = Reader(folder, kitctl, monkeypatch)
    if topic in IN_A_PROJECT:
        reader.type(ShellLine(name_of(document), START, 0))
    for line in commands(document):
        reader.type(line)
        if line.text.startswith("kitctl local stop"):
            local_kaggle.process.wait(20)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_a_command_that_is_not_run_says_why(document: Path) -> None:
    expect_none(
        [
            f"{line}: put it into a ```bash block; above one that cannot run here stands "
            "<!-- not run: REASON -->"
            for line in unmarked_commands(document)
        ]
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_a_command_that_is_only_mentioned_exists_with_its_options(
    document: Path, kitctl: Kitctl
) -> None:
    wrong = []
    for place, text in mentioned(document):
        words = re.sub(r"\s#.*| && .*|; .*| > .*", "", text).split()[1:]
        names = [word for word in words if not word.startswith("-")][:1]
        below = words[1:2] if names[:1] in (["local"], ["datasets"], ["models"]) else []
        help_text = kitctl(*names, *below, "--help")
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        wrong += [f"{place}: {text}: there is no such command" for _ in range(help_text.code)]
        wrong += [
            f"{place}: {text}: there is no {option}"
            for option in options
            if option not in {"--", "--local"} and option not in help_text.out
        ]
    expect_none(wrong)
