"""Pushes of many folders by the official client, in one process, as `kaggle kernels push -p`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from support.local_kaggle import LocalKaggle
from support.official_client import PYTHON, environment

# `kernels_push` is all that the command does; it answers as the command prints.
_PUSH_ALL = """
import contextlib, json, sys
from kaggle.api.kaggle_api_extended import KaggleApi

api = KaggleApi()
with contextlib.redirect_stdout(sys.stderr):
    api.authenticate()
for folder in json.loads(sys.argv[1]):
    try:
        with contextlib.redirect_stdout(sys.stderr):
            answer = api.kernels_push(folder)
        result = {"error": answer.error, "ref": answer.ref}
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}", "ref": ""}
    print(json.dumps(result), flush=True)
"""


class OfficialPush(NamedTuple):
    """What the official client says: the kernel's slug, or why nothing was pushed."""

    slug: str
    error: str


def push_officially(folders: Sequence[Path], server: LocalKaggle, home: Path) -> list[OfficialPush]:
    """Push each folder and return the answers, in the same order."""
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [PYTHON, "-c", _PUSH_ALL, json.dumps([str(folder) for folder in folders])],
        env=environment(server, home),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(folders), done.stderr
    return [
        OfficialPush(answer["ref"].rpartition("/")[2], answer["error"] or "") for answer in answers
    ]
