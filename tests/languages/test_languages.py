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
from support.command_line import Kitctl, write_script
from support.sentences import help_texts, sentences

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
        ("   (or run it once more: ", "   (或再运行一次： "),
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


def test_every_sentence_that_people_may_read_is_translated() -> None:
    without = [
        f"{place}: {text}"
        for place, text in sentences()
        if not CHINESE.search(languages.translate(text.replace("{}", "X1"), "zh"))
    ]
    assert not without, "see CONTRIBUTING.md, `a translation`"


def test_every_help_text_is_translated() -> None:
    without = [text for text in help_texts() if not CHINESE.search(languages.translate(text, "zh"))]
    assert not set(without) - {
        "keras, tensorFlow2, pyTorch, scikitLearn, onnx, transformers, jax, flax, other."
    }


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        # A value that is a text of kitctl's own, and one that is not.
        ("The proxy to x.org, y, asks for a password.", "到 x.org 的代理（y）要求密码。"),
        ("train.py, line 2: is not UTF-8 text.", "train.py, line 2：不是 UTF-8 文本。"),
        (
            "Underfits: over the last 3 epochs training loss 0.500, validation loss 0.600, no"
            " better than guessing (0.693). At the end validation loss is rising by 0.0100 per"
            " epoch."
            " Look at the labels, the learning rate and the base before anything else.",
            "欠拟合：最后 3 轮平均：训练损失 0.500，验证损失 0.600，不比猜测（0.693）好。"
            "结尾时验证损失每轮上升 0.0100。先检查标签、学习率和基础模型。",
        ),
        (
            "Fits: over the last 3 epochs training loss 0.1, validation loss 0.2, gap 0.1. At"
            " the end validation loss is flat. More epochs may still help.",
            "拟合良好：最后 3 轮平均：训练损失 0.1，验证损失 0.2，差距 0.1。结尾时验证损失平稳。"
            "再训练几轮可能还有帮助。",
        ),
        (
            "v1 overfits (over the last epochs training loss 0.1, validation loss 0.9). v2 fits.",
            "v1 过拟合（最后几轮平均：训练损失 0.1，验证损失 0.9）。v2 拟合良好。",
        ),
        ("Pulling a/b/1: 3 files …", "正在取回 a/b/1：3 个文件 …"),
        (
            "One thing is wrong. No translation has this.",
            "One thing is wrong. No translation has this.",
        ),
    ],
)
def test_sentences_one_after_the_other_and_values_are_translated(
    english: str, chinese: str
) -> None:
    assert languages.translate(english, "zh") == chinese


def test_a_runs_own_lines_stay_as_they_are(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITCTL_LANG", "zh")
    write_script(project, "print('train.py does not exist.')\nopen('a.txt', 'w').close()")
    run = kitctl("dry-run")
    assert "train.py does not exist." in run.err
    assert "✓ 脚本没有出错地结束" in run.out and "接下来：" in run.err


def test_problems_and_checks_are_chinese(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITCTL_LANG", "zh")
    write_script(project, "def f(:\n", enable_gpu="perhaps")
    refused = kitctl("package").err.splitlines()
    problems = [line for line in refused if line.startswith("  • ")]
    assert len(problems) == 2 and all(CHINESE.search(line) for line in problems)
    fixes = [line for line in kitctl("doctor").out.splitlines() if line.startswith("  → ")]
    assert fixes and all(CHINESE.search(line) for line in fixes)


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
    assert CHINESE.search(kitctl("push", "--help").out)


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
