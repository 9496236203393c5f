"""What people read, in their language: English, or Chinese by KITCTL_LANG=zh or the locale.

The English text is the key. Fixed texts stand in the catalogue of gettext, `zh/LC_MESSAGES`;
sentences with values in them in `zh/sentences.json`, with `{}` for each value. A text without a
translation stays English, as do JSON, logs and all that programs read.
"""

from __future__ import annotations

import gettext
import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
DOMAIN = "kitctl"
VARIABLES = ("KITCTL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""The environment variables that name a language, the first that is set counts."""


def chosen_language(environ: Mapping[str, str] = os.environ) -> str:
    """Return "zh", or "en" for every other language."""
    name = next((environ[name] for name in VARIABLES if environ.get(name)), "")
    if not name and sys.platform == "win32":
        import locale

        name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def translate(text: str, language: str | None = None) -> str:
    """Return the text in the language, by default the chosen one; spaces around it stay."""
    language = language or chosen_language()
    core = text.strip()
    if language == "en" or not core:
        return text
    start = text.index(core)
    return text[:start] + _translated(core, language) + text[start + len(core) :]


def _translated(text: str, language: str) -> str:
    fixed = _catalogue(language).gettext(text)
    if fixed != text:
        return fixed
    for pattern, sentence in _sentences(language):
        if match := pattern.fullmatch(text):
            return sentence.format(*match.groups())
    return text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [language], fallback=True)


@cache
def _sentences(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return a pattern for each English sentence with values, and its translation."""
    import json

    path = FOLDER / language / "sentences.json"
    if not path.is_file():
        return []
    sentences = json.loads(path.read_text("utf-8"))
    return [(_pattern(english), sentence) for english, sentence in sentences.items()]


def _pattern(english: str) -> re.Pattern[str]:
    parts = map(re.escape, english.split("{}"))
    return re.compile("(.*?)".join(parts), re.DOTALL)
