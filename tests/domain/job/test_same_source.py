"""Whether a version at Kaggle has the source that a push has sent."""

from __future__ import annotations

import json

import pytest
from support.jobs import intent_to_push

from kitctl.domain.job.same_source import is_source_of, source_sha256
from kitctl.packing.notebooks import without_outputs

SCRIPT = "import os\n\nprint('one')\nprint('two')\n"
SHA256 = "a" * 64


def test_line_ends_do_not_change_the_hash_of_a_source() -> None:
    assert source_sha256("a\r\nb\r\n") == source_sha256("a\nb")
    assert source_sha256("a\nb") != source_sha256("a\nc")


def test_the_json_layout_does_not_change_the_hash_of_a_notebook() -> None:
    cell = {"cell_type": "code", "source": ["a\n", "b"], "outputs": [1], "metadata": {"x": 1}}
    notebook = json.dumps({"cells": [cell], "nbformat": 4}, indent=1)
    assert source_sha256(notebook) == source_sha256(without_outputs(notebook))
    other = notebook.replace('"b"', '"c"')
    assert source_sha256(other) != source_sha256(notebook)


@pytest.mark.parametrize(
    "source",
    [
        SCRIPT,
        SCRIPT.replace("\n", "\r\n"),
        "\ufeff" + SCRIPT.rstrip(),
        f"# Kaggle's own line\n{SCRIPT}",
        f"{SCRIPT}# two\n# more lines\n",
    ],
)
def test_what_kaggle_may_change_in_a_source_does_not_make_it_another(source: str) -> None:
    assert is_source_of(intent_to_push(SCRIPT), source)


@pytest.mark.parametrize("source", ["", SCRIPT.replace("two", "three"), SCRIPT.replace("    ", "")])
def test_another_source_is_another_script(source: str) -> None:
    if source != SCRIPT:
        assert not is_source_of(intent_to_push(SCRIPT), source)


def test_a_packed_script_is_known_by_its_header() -> None:
    packed = f"# A job\n# script_sha256 {SHA256}\n\nprint(1)\n"
    changed = f"# a line of Kaggle's\n{packed}".replace("print(1)", "print(1)\nimport os")
    assert is_source_of(intent_to_push(packed, script_sha256=SHA256), changed)
    assert not is_source_of(intent_to_push(packed, script_sha256="b" * 64), packed)
