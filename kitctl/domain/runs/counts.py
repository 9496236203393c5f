"""Numbers of things and bytes in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `3 files`, `1,000 files`; the noun's plural ends in s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size_text(count: int) -> str:
    """Return a number of bytes as `39 B`, `45.1 kB`, `3.2 MB` or `1.0 GB`."""
    if count < 1000:
        return f"{count} B"
    if count < 1e6:
        return f"{count / 1e3:,.1f} kB"
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
