"""The fields of kernel-metadata.json: each is read and checked by its type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from kitctl.errors import Problem

KEYS = (
    "id",
    "id_no",
    "title",
    "code_file",
    "language",
    "kernel_type",
    "is_private",
    "enable_gpu",
    "enable_tpu",
    "enable_internet",
    "machine_shape",
    "keywords",
    "dataset_sources",
    "competition_sources",
    "kernel_sources",
    "model_sources",
    "docker_image",
    "docker_image_pinning_type",
)

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEMPLATE = "INSERT_"  # In the values that `kaggle kernels init` leaves to be filled in.


class Fields:
    """Reads the values of one metadata object and collects what is wrong with them."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def wrong(self, key: str, message: str, fix: str) -> None:
        """Record a mistake."""
        self.problems.append(Problem(key, message, fix))

    def check_keys(self) -> None:
        """Record misspelt keys, which Kaggle would ignore without an error."""
        for key in self._values:
            if key in KEYS:
                continue
            similar = difflib.get_close_matches(key, KEYS, n=1)
            if similar:
                self.wrong(key, "is no key of Kaggle's.", f"Did you mean {similar[0]}?")
            else:
                self.warnings.append(f"{key} in kernel-metadata.json means nothing to Kaggle.")

    def kernel_id(self) -> tuple[str, str]:
        """Return owner ("" if left out) and slug."""
        text = self.text("id", required='Give "id": "your-name/the-title-as-a-slug".')
        owner, _, slug = text.rpartition("/")
        if text and not (_SLUG.fullmatch(slug) and (not owner or _OWNER.fullmatch(owner))):
            self.wrong(
                "id",
                f"is {text!r}.",
                "It must be owner/slug or slug; a slug has small letters, digits and single "
                "hyphens.",
            )
            return "", ""
        return owner, slug

    def text(self, key: str, *, required: str = "") -> str:
        """Return a text, or "" where there is none; `required` is the fix for a missing one."""
        value = self._values.get(key)
        if value is None or value == "":
            if required:
                self.wrong(key, "is missing.", required)
            return ""
        if not isinstance(value, str):
            self.wrong(key, f"is {value!r}.", "It must be a text in quotes.")
            return ""
        if _TEMPLATE in value:
            self.wrong(key, f"is still the template's {value}.", required or "Fill it in.")
            return ""
        return value

    def choice(self, key: str, allowed: Sequence[str], *, optional: bool = False) -> str:
        """Return one of the allowed texts, or "" where there is none."""
        value = self._values.get(key)
        if value in allowed:
            return str(value)
        if not (optional and value in (None, "")):
            message = "is missing." if value in (None, "") else f"is {value!r}."
            self.wrong(key, message, f"It must be one of: {', '.join(allowed)}.")
        return ""

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean, which may be written as a text, as Kaggle's own client does."""
        value = self._values.get(key, default)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        self.wrong(key, f"is {value!r}.", "It must be true or false.")
        return default

    def number(self, key: str) -> int | None:
        """Return a whole number, or None where there is none."""
        value = self._values.get(key)
        if value is None or type(value) is int:
            return value
        self.wrong(key, f"is {value!r}.", "It must be a whole number.")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._values.get(key) or []
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.wrong(key, f"is {value!r}.", "It must be a list of texts.")
        return ()

    def sources(self, key: str, parts: tuple[int, ...], form: str) -> tuple[str, ...]:
        """Return names of inputs with so many parts between slashes, each once."""
        valid: list[str] = []
        for source in self.texts(key):
            names = source.split("/")
            if len(names) not in parts or not all(_PART.fullmatch(name) for name in names):
                self.wrong(key, f"holds {source!r}.", f"The form is {form}.")
            elif (len(names) == 3 or len(names) == 5) and not names[-1].isdecimal():
                self.wrong(key, f"holds {source!r}.", "A version is a whole number.")
            elif source in valid:
                self.wrong(key, f"names {source} twice.", "Leave one out.")
            else:
                valid.append(source)
        return tuple(valid)
