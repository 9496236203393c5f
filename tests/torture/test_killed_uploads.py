"""A push of a data set that is killed at any moment goes on, and ends with the same bytes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import CommandCall, Kitctl
from support.datasets_on_kaggle import on_kaggle, versions
from support.local_kaggle import LocalKaggle
from support.photo_folders import contents

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

MOMENTS = 10
PHOTOS = 300
PHOTO_BYTES = 40_000
# Single files, each of two requests, beside archives of folders.
SINGLE_FILES = 30
# Longer than a request without an answer may still appear.
SETTLED_SECONDS = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my-photos"
    for number in range(PHOTOS):
        inside = folder / "train" / ("car" if number % 2 else "truck")
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{number}.jpg").write_bytes(os.urandom(PHOTO_BYTES))
    for number in range(SINGLE_FILES):
        (folder / f"{number}.bin").write_bytes(os.urandom(PHOTO_BYTES))
    return folder


def pushed(kitctl: Kitctl, local_kaggle: LocalKaggle, *words: str) -> CommandCall:
    """Push to the end: killed as its request left, it is not sent again before that is settled."""
    call = kitctl(*words, "--json")
    if call.code and call.error["code"] == "answer_lost":
        local_kaggle.advance(SETTLED_SECONDS)
        call = kitctl(*words, "--json")
    assert call.code == 0, call.err
    return call


def test_a_push_that_is_killed_at_ten_moments_goes_on_and_ends_with_the_same_bytes(
    kitctl: Kitctl, local_kaggle: LocalKaggle, folder: Path, chance: random.Random
) -> None:
    expected = contents(folder)
    local_kaggle.fault("latency", "upload", seconds=0.1, count=None)
    words = [sys.executable, "-m", "kitctl", "datasets", "push", str(folder), "--local", "-q"]
    started = time.monotonic()
    subprocess.run([*words, "--id", "local/another-name"], check=True)
    whole_seconds = time.monotonic() - started
    for _ in range(MOMENTS):
        push = subprocess.Popen([*words, "--id", "local/my-photos", "--jobs", "2"])
        time.sleep(chance.uniform(0.2, whole_seconds))
        push.kill()
        push.wait()
    local_kaggle.clear_faults()
    push_words = ("datasets", "push", str(folder), "--id", "my-photos", "--local")
    last = pushed(kitctl, local_kaggle, *push_words)
    assert last.data["version"] == versions(local_kaggle) == 1
    assert on_kaggle(local_kaggle) == expected


def test_versions_that_are_killed_at_ten_moments_are_made_once_each(
    kitctl: Kitctl, local_kaggle: LocalKaggle, folder: Path, chance: random.Random
) -> None:
    words = ("datasets", "push", str(folder), "--local")
    assert kitctl(*words).code == 0
    program = [sys.executable, "-m", "kitctl", *words, "-q"]
    for number in range(MOMENTS):
        (folder / "changed.txt").write_text(f"{number}", "utf-8")
        push = subprocess.Popen(program)
        time.sleep(chance.uniform(0.2, 2.0))
        push.kill()
        push.wait()
        pushed(kitctl, local_kaggle, *words)
        assert versions(local_kaggle) == number + 2
    del (expected := contents(folder))["dataset-metadata.json"]
    assert on_kaggle(local_kaggle) == expected
