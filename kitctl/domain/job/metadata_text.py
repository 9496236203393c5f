"""The text of a metadata file, read as one JSON object."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from kitctl.errors import InvalidInput

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def read_object(text: str, file: str) -> dict[str, Any]:
    """Return the values of a metadata file; `file` is its name.

    Raises InvalidInput where the text is no JSON object, or says something twice.
    """
    doubled: set[str] = set()

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        doubled.update(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    try:
        values = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=unique)
    except RecursionError:
        raise InvalidInput(
            f"{file} is nested too deeply.",
            code="invalid_metadata",
            hint="Its values are texts, numbers and lists of texts.",
        ) from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{file} is not valid JSON: {error.msg} in line {error.lineno}.",
            code="invalid_metadata",
            hint="Take the comments out: JSON has none."
            if re.search(r"^\s*(//|#|/\*)|/\*.*\*/|[,\d\]\"]\s+//", text, re.MULTILINE)
            else "Fix that line; a comma too many or missing is the usual cause.",
        ) from None
    except ValueError:
        raise InvalidInput(
            f"{file} holds a number with thousands of digits.",
            code="invalid_metadata",
            hint="Its values are texts, numbers and lists of texts.",
        ) from None
    if not isinstance(values, dict):
        raise InvalidInput(
            f"{file} holds no JSON object.",
            code="invalid_metadata",
            hint='It must be {"id": "owner/name", "title": "…", …}.',
        )
    if doubled:
        raise InvalidInput(
            f"{file} has {' and '.join(sorted(map(ascii, doubled)))} twice.",
            code="invalid_metadata",
            hint="Leave one out: Kaggle takes the last one.",
        )
    if _HALF_CHARACTER.search(json.dumps(values, ensure_ascii=False)):
        raise InvalidInput(
            f"{file} holds half a character (such as \\ud800), which is no text.",
            code="invalid_metadata",
            hint="Type the text again; an emoji that was cut is the usual cause.",
        )
    return values
