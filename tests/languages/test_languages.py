"""Help and messages in the user's language; what programs read stays English."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from support.command_line import Kitctl

from kitctl import languages

CATALOGUE = languages.FOLDER / "zh" / "LC_MESSAGES" / "kitctl.po"
SENTENCES = json.loads((languages.FOLDER / "zh" / "sentences.json").read_text("utf-8"))
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"KITCTL_LANG": "zh"}, "zh"),
        ({"KITCTL_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "C"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_is_kitctls_own_variable_or_the_locale(
    environment: dict[str, str], language: str
) -> None:
    assert languages.chosen_language(environment) == language


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Stopped by Ctrl-C.", "已被 Ctrl-C 中止。"),
        ("   (or run it once more: ", "   （或再运行一次： "),
        ("train.py does not exist.", "train.py 不存在。"),
        ("a {b} does not exist.", "a {b} 不存在。"),
        (
            "kernel.json is not valid JSON: bad in line 7.",
            "kernel.json 不是有效的 JSON：第 7 行 bad。",
        ),
        ("No translation has this.", "No translation has this."),
        ("  ", "  "),
    ],
)
def test_a_text_is_translated_with_its_values_or_stays(english: str, chinese: str) -> None:
    assert languages.translate(english, "zh") == chinese
    assert languages.translate(english, "en") == english


@pytest.mark.parametrize("english", SENTENCES)
def test_a_sentence_takes_the_values_of_the_english_one(english: str) -> None:
    count = english.count("{}")
    values = [f"<{number}>" for number in range(count)]
    assert CHINESE.search(SENTENCES[english])
    assert SENTENCES[english].format(*values).count("<") >= min(count, 1)


def test_the_compiled_catalogue_is_that_of_its_source() -> None:
    compiled = GNUTranslations(io.BytesIO(CATALOGUE.with_suffix(".mo").read_bytes()))
    for message in read_po(io.StringIO(CATALOGUE.read_text("utf-8")), locale="zh"):
        if message.id:
            assert compiled.gettext(message.id) == message.string, "type: make translations"


def test_help_and_hints_are_chinese_and_json_is_not(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = kitctl("push", "--json")
    monkeypatch.setenv("KITCTL_LANG", "zh")
    assert kitctl("push", "--json").error == english.error
    refused = kitctl("push")
    assert (refused.code, CHINESE.search(refused.out)) == (english.code, None)
    error, hint = refused.err.splitlines()[-2:]
    assert error.startswith("错误：") and hint.startswith("接下来：")
    assert CHINESE.search(hint.partition("：")[2])
    help_text = kitctl("push", "--help").out
    options = re.findall(r"^  (?:-\w, )?--.*", help_text, re.MULTILINE)
    assert len([line for line in options if CHINESE.search(line)]) > len(options) * 0.75


def test_a_terminal_without_chinese_characters_gets_english(project: Path) -> None:
    environment = {
        **os.environ,
        "KITCTL_LANG": "zh",
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
    }
    call = subprocess.run(
        [sys.executable, "-m", "kitctl", "init"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert call.returncode == 2
    assert call.stderr.startswith("error: Say what the project starts from")
