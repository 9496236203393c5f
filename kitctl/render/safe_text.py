"""Text of others that a terminal only shows: it moves no cursor and changes no setting.

Lines of a log, Kaggle's messages and the names of files come from others, and an escape sequence in
one could clear the screen, change the clipboard or hide text.
"""

from __future__ import annotations

import re

# Whole escape sequences: colours and movements (CSI), titles, links and the clipboard (OSC and
# other strings up to their end).
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"
)
# All of C0 but tab and newline, DEL, C1, and what changes the direction of writing.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def safe_text(text: str) -> str:
    """Return the text without escape sequences; other control characters become visible."""
    if not UNSAFE.search(text):
        return text
    return UNSAFE.sub(_visible, _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def one_line(name: str) -> str:
    """Return the name of a file in one line, whatever is in it."""
    return name if name.isprintable() else ascii(name)


def _visible(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x20:
        return chr(0x2400 + number)
    return "\N{SYMBOL FOR DELETE}" if number == 0x7F else "\N{REPLACEMENT CHARACTER}"
