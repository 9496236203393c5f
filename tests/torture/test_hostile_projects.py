"""Whatever a project's files hold and are called, a command ends with a sentence, never a bug."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.hostile_projects import draw_code, draw_json, draw_notebook, draw_project, put

pytestmark = [pytest.mark.torture, pytest.mark.timeout(600)]

CASES = 150
COMMANDS = (
    ("package", "--out", "OUT"),
    ("doctor", "--local"),
    ("push", "--plan", "--local"),
    ("runs", "--local"),
    ("quota", "--local"),
    ("status", "--local"),
    ("settings",),
    ("pull-results", "--local"),
    ("logs", "--local"),
    ("cancel", "--local"),
)
DATASET = {"title": "Some photos", "id": "local/some-photos", "licenses": [{"name": "CC0-1.0"}]}
CONTROL = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e"} - {"\n"}


def require_a_sentence(kitctl: Kitctl, *words: str) -> None:
    """Call kitctl and check that it ends as its contract says, whatever it was given."""
    call = kitctl(*words)
    what = f"{words}: {call.code} {call.out[-500:]} {call.err[-2000:]}"
    assert call.code in (0, 2, 3, 4, 5), what
    assert not CONTROL & {*call.err}, what
    assert len(call.err) < 20_000, what[:3000]
    if "--json" in words:
        assert call.code == 0 or call.envelope, what


def test_hostile_projects(kitctl: Kitctl, tmp_path: Path, chance: random.Random) -> None:
    for number in range(CASES):
        project = draw_project(tmp_path / f"case-{number}", chance)
        words = chance.choice(COMMANDS)
        words = tuple(str(tmp_path / "out" / str(number)) if w == "OUT" else w for w in words)
        json = ["--json"] if chance.random() < 0.5 else []
        require_a_sentence(kitctl, *words, *json, "--project", str(project))


def test_hostile_projects_in_a_dry_run(
    kitctl: Kitctl, tmp_path: Path, chance: random.Random
) -> None:
    for number in range(CASES // 10):
        project = draw_project(tmp_path / f"case-{number}", chance)
        out = str(tmp_path / "out" / str(number))
        require_a_sentence(kitctl, "dry-run", "--project", str(project), "--out", out)


def test_hostile_data_sets(kitctl: Kitctl, tmp_path: Path, chance: random.Random) -> None:
    for number in range(CASES // 2):
        folder = tmp_path / f"case-{number}"
        folder.mkdir()
        (folder / "photo.txt").write_text("x")
        put(folder / "dataset-metadata.json", draw_json(chance, DATASET), chance)
        require_a_sentence(kitctl, "datasets", "push", str(folder), "--local", "--no-wait")


def test_hostile_code(kitctl: Kitctl, project: Path, tmp_path: Path, chance: random.Random) -> None:
    for number in range(CASES):
        kind, draw = chance.choice([("script", draw_code), ("notebook", draw_notebook)])
        file = "train.py" if kind == "script" else "train.ipynb"
        remove(project / "train.py")
        write_script(project, "", code_file=file, kernel_type=kind)
        remove(project / file)
        put(project / file, draw(chance), chance)
        words = chance.choice(
            [
                ("package", "--out", str(tmp_path / "out" / str(number))),
                ("push", "--plan", "--local"),
                ("doctor", "--local"),
                ("init", str(tmp_path / f"new-{number}"), "--from", str(project / file)),
                ("init", str(project), "--from", str(project / file)),
            ]
        )
        if words[0] == "init":
            (project / "kernel-metadata.json").unlink()
        require_a_sentence(kitctl, *words)


def remove(path: Path) -> None:
    """Remove what `put` has made."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
