"""JSON that is read piece by piece: Kaggle's answers hold a run's whole log in one string."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER_PART = re.compile(r"[-+.eE\d]*")
_STRING_PART = re.compile(r'[^"\\]*+(?:\\(?:u[0-9a-fA-F]{4}|[^u])[^"\\]*+)*+', re.DOTALL)

# Where the decoder says that the text is wrong, but it only ends in the middle of a number, of a
# literal such as `false`, or of an escape such as `\ud83d`.
_CUT_CHARACTERS = 16

# A value that is read whole is never as long.
LONGEST_VALUE = 16_000_000


class JsonText:
    """A JSON text whose pieces come one after the other; no more than a value is in memory.

    Every method raises ValueError where the text is no JSON or ends too early.
    """

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._buffer = ""
        self._position = 0

    def peek(self) -> str:
        """Return the next character that is no white space; "" at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._position)
            self._position = space.end() if space else self._position
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._grow():
                return ""

    def skip(self, character: str) -> bool:
        """Skip the next character where it is this one; return whether it is."""
        is_next = self.peek() == character
        self._position += is_next
        return is_next

    def expect(self, character: str) -> None:
        """Skip the next character, which must be this one."""
        if not self.skip(character):
            raise ValueError(f"{character} is missing")

    def value(self) -> Any:
        """Return the next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._position)
            except json.JSONDecodeError as error:
                if not (self._is_cut(error) and self._grow()):
                    raise
                continue
            except RecursionError:
                raise ValueError("It is nested too deeply.") from None
            # A number that the piece ends with, perhaps after its point, may go on in the next one.
            if _NUMBER_PART.fullmatch(self._buffer, end) and self._grow():
                continue
            self._position = end
            return value

    def string(self) -> Iterator[str]:
        """Yield the next value, which is a string, in parts."""
        self.expect('"')
        pending = ""
        while True:
            part = _STRING_PART.match(self._buffer, self._position)
            assert part
            self._position = part.end()
            text = _join(pending, json.loads(f'"{part[0]}"', strict=False))
            # The second half of a character beyond U+FFFF may be in the next piece.
            text, pending = (text[:-1], text[-1]) if _is_first_half(text[-1:]) else (text, "")
            if text:
                yield text
            if self._buffer[self._position : self._position + 1] == '"':
                break
            if not self._grow():
                raise ValueError("The string has no end.")
        self._position += 1
        if pending:
            yield pending

    def rest(self) -> Iterator[str]:
        """Yield what is left as it is."""
        yield self._buffer[self._position :]
        self._buffer, self._position = "", 0
        yield from self._pieces

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether more text can make this JSON."""
        is_open = error.msg.startswith("Unterminated string")
        return is_open or error.pos >= len(self._buffer) - _CUT_CHARACTERS

    def _grow(self) -> bool:
        """Read as much again as is not used yet: a long value is not scanned for every piece."""
        unused = self._buffer[self._position :]
        if len(unused) > LONGEST_VALUE:
            raise ValueError("A value has no end.")
        parts, length = [unused], 0
        for piece in self._pieces:
            parts.append(piece)
            length += len(piece)
            if length > len(unused):
                break
        self._buffer, self._position = "".join(parts), 0
        return length > 0


def read_object(text: JsonText) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object; a string is a JsonText's `string` to be read.

    Each must be read before the next.
    """
    text.expect("{")
    while not text.skip("}"):
        name = text.value()
        text.expect(":")
        if text.peek() == '"':
            parts = text.string()
            yield name, parts
            for _ in parts:  # What the caller has left.
                pass
        else:
            yield name, text.value()
        if not text.skip(","):
            text.expect("}")
            return


def read_array(text: JsonText) -> Iterator[Any]:
    """Yield the values of an array."""
    text.expect("[")
    while not text.skip("]"):
        yield text.value()
        if not text.skip(","):
            text.expect("]")
            return


def _is_first_half(character: str) -> bool:
    return "\ud800" <= character <= "\udbff"


def _join(first: str, second: str) -> str:
    """Join two parts of a string between which a character may have been cut."""
    if first and "\udc00" <= second[:1] <= "\udfff":
        pair = (first + second[0]).encode("utf-16", "surrogatepass").decode("utf-16")
        return pair + second[1:]
    return first + second
