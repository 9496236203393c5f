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
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent
DOMAIN = "kitctl"
VARIABLES = ("KITCTL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""The environment variables that name a language, the first that is set counts."""
WAITING = " …"
"""How a line ends that says what is being done."""
_PARAGRAPH = re.compile(r"\n\n")
_SENTENCE = re.compile(r"(?<=[.!?]) (?=\S)")
_CHINESE_ENDS = tuple("。？！”）")  # noqa: RUF001
# A key, a file, or a place in it, before what is wrong there.
_PLACE = re.compile(r"(?=[a-z]|\S*[./_])[^\s:]+(, (line|cell) \d+)*")
_COLON = "："


def chosen_language(environ: Mapping[str, str] = os.environ) -> str:
    """Return "zh", or "en" for every other language."""
    name = next((environ[name] for name in VARIABLES if environ.get(name)), "")
    if not name and sys.platform == "win32":
        import locale

        name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


_COUNTED = re.compile(r"([\d,]+) (file|photo|session)s?( …)?")


def translate(text: str, language: str | None = None) -> str:
    """Return the text in the language, by default the chosen one; spaces around it stay.

    What has no translation as a whole is translated paragraph by paragraph, then sentence by
    sentence; a value in a sentence that is a text of kitctl's own is translated too.
    """
    language = language or chosen_language()
    core = text.strip()
    if language == "en" or not core:
        return text
    start = text.index(core)
    end = text[start + len(core) :]
    translation = _translated(core, language)
    if translation == core and core.endswith(WAITING):
        translation = _translated(core.removesuffix(WAITING), language) + WAITING
    return text[:start] + translation + end


def _translated(text: str, language: str) -> str:
    fixed = _catalogue(language).gettext(text)
    if fixed != text:
        return fixed
    in_parts, is_whole = _in_parts(text, language)
    if is_whole:
        return in_parts
    for sentence in _sentences(language):
        if values := sentence.match(text):
            return sentence.translation.format(*(_value(value, language) for value in values))
    place, _, rest = text.partition(": ")
    if in_parts == text and _PLACE.fullmatch(place):
        translation = translate(rest, language)
        return f"{place}{_COLON}{translation}" if translation != rest else text
    return in_parts


def _value(text: str, language: str) -> str:
    """Return a value of a sentence, which may be a text of kitctl's own or a count of things."""
    if counted := _COUNTED.fullmatch(text):
        number, noun, end = counted.groups("")
        things = _catalogue(language).gettext(noun)
        return text if things == noun else f"{number} {things}{end}"
    translation = translate(text, language)
    return text if translation == text else translation.lstrip()


def _in_parts(text: str, language: str) -> tuple[str, bool]:
    """Return a text whose parts are translated one by one, and whether all of them are."""
    for end in (_PARAGRAPH, _SENTENCE):
        parts = [_one_line(part) for part in end.split(text)]
        if len(parts) > 1:
            translations = [translate(part, language) for part in parts]
            changed = [one != part for one, part in zip(translations, parts, strict=True)]
            if any(changed):
                return _joined(translations, end), all(changed)
    return text, False


def _one_line(paragraph: str) -> str:
    return " ".join(paragraph.split()) if "\n" in paragraph else paragraph


def _joined(parts: Sequence[str], end: re.Pattern[str]) -> str:
    if end is _PARAGRAPH:
        return "\n\n".join(parts)
    text = parts[0]
    for part in parts[1:]:
        text += part if text.endswith(_CHINESE_ENDS) else f" {part}"
    return text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [language], fallback=True)


class _Sentence:
    """An English sentence with `{}` for each value, and its translation."""

    def __init__(self, english: str, translation: str) -> None:
        self._parts = english.split("{}")
        self.translation = translation
        self.length = sum(map(len, self._parts))

    def match(self, text: str) -> Sequence[str] | None:
        """Return the values that a text has in this sentence, None where it is another one."""
        # Hundreds of patterns take longer to compile than most commands run.
        if not (text.startswith(self._parts[0]) and text.endswith(self._parts[-1])):
            return None
        if not all(part in text for part in self._parts):
            return None
        match = self._pattern.fullmatch(text)
        return match and match.groups()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("(.*?)".join(map(re.escape, self._parts)), re.DOTALL)


@cache
def _sentences(language: str) -> list[_Sentence]:
    """Return the sentences with values, those with more words of their own first."""
    import json

    path = FOLDER / language / "sentences.json"
    if not path.is_file():
        return []
    sentences = json.loads(path.read_text("utf-8"))
    return sorted(
        (_Sentence(english, translation) for english, translation in sentences.items()),
        key=lambda sentence: -sentence.length,
    )
