"""The fields of kernel-metadata.json: each is read and checked by its type."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Sequence
from typing import Any

from slugify import slugify

from kitctl.domain.job import accelerators, source_names
from kitctl.domain.job.source_names import SourceForm
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

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# Keys that people write for the machine, and that Kaggle ignores.
_MACHINE_KEYS = frozenset({"accelerator", "gpu_type", "gpu", "machine", "accelerator_type", "tpu"})
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

    def is_wrong(self, *keys: str) -> bool:
        """Return whether a mistake of one of these keys was recorded."""
        return any(problem.where in keys for problem in self.problems)

    def check_keys(self) -> None:
        """Warn of keys that Kaggle ignores without an error."""
        for key in self._values:
            if key in KEYS:
                continue
            similar = difflib.get_close_matches(key, KEYS, n=1)
            if key.startswith(("_", "//", "#")):
                advice = ""
            elif key.lower() in _MACHINE_KEYS:
                advice = f" The machine is machine_shape. {accelerators.NAMES}"
            else:
                advice = f" Did you mean {similar[0]}?" if similar else ""
            self.warnings.append(f"{key} in kernel-metadata.json means nothing to Kaggle.{advice}")

    def kernel_id(self) -> tuple[str, str]:
        """Return owner ("" if left out) and slug, both "" where there is no id."""
        text = self.text("id")
        owner, _, name = source_names.clean(text, source_names.KERNEL).rpartition("/")
        slug = slugify(name)
        if not text:
            return "", ""
        if not slug or (owner and not _OWNER.fullmatch(owner)):
            self.wrong(
                "id",
                f"is {text!r}.",
                "It must be owner/slug or slug; a slug has small letters, digits and hyphens.",
            )
            return "", ""
        if (owner, slug) != tuple(text.rpartition("/")[::2]):
            written = f"{owner}/{slug}" if owner else slug
            self.warnings.append(f"id: {text!r} is {written} at Kaggle; write that.")
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

    def path(self, key: str, *, required: str) -> str:
        """Return a path in its shortest form: `./main.py` is `main.py`."""
        text = self.text(key, required=required)
        return posixpath.normpath(text) if text else ""

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
        """Return a whole number, or None where there is none; 0 is none."""
        value = self._values.get(key)
        if value is None or type(value) is int:
            return value or None
        self.wrong(key, f"is {value!r}.", "It must be a whole number.")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._values.get(key) or []
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.wrong(key, f"is {value!r}.", "It must be a list of texts.")
        return ()

    def sources(self, key: str, form: SourceForm) -> tuple[str, ...]:
        """Return names of inputs in Kaggle's own form, each once."""
        valid: list[str] = []
        for text in self.texts(key):
            name = source_names.clean(text, form)
            if not name:
                self.warnings.append(f"{key} holds an empty text, which is left out.")
            elif fix := source_names.mistake(name, form):
                self.wrong(key, f"holds {text!r}.", fix)
            elif name in valid:
                self.warnings.append(f"{key} names {name} twice; once is enough.")
            else:
                valid.append(name)
                if name != text:
                    self.warnings.append(f"{key}: {text!r} is sent as {name}; write that.")
        return tuple(valid)
