"""Settings of a packed job that name an input: whether the job attaches it.

A run finds that out only after it has waited for its machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kitctl.domain.job.metadata import Metadata
from kitctl.errors import Problem

_INPUT = "/kaggle/input/"
_FIX = "Add it to the sources in kernel-metadata.json, or set what is attached."


def missing_inputs(metadata: Metadata, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return the settings `data` and `base_weights` that name nothing attached, and a `base`
    whose weights can come from nowhere.

    Kaggle would start the run all the same.
    """
    # In another job these names may mean anything.
    is_course_job = {"data", "base", "base_weights"} <= settings.keys()
    return tuple(_problems(metadata, settings)) if is_course_job else ()


def _problems(metadata: Metadata, settings: Mapping[str, Any]) -> Iterator[Problem]:
    attached = _attached_names(metadata)
    shown = ", ".join(metadata.sources.all) or "nothing"
    for name, length in (("data", None), ("base_weights", 2)):
        value = settings.get(name)
        source = _source(value, length) if isinstance(value, str) else ""
        if source and source.lower() not in attached:
            yield Problem(name, f"is {value}, which is not attached (attached: {shown}).", _FIX)
    base, weights = settings.get("base"), settings.get("base_weights")
    if base in (None, "convnet") or settings.get("reuse_features") or metadata.enable_internet:
        return
    others = [name for name in metadata.sources.all if _unversioned(name) != settings.get("data")]
    if weights == "imagenet" or (weights == "auto" and not others):
        yield Problem(
            "base",
            f"is {base}, whose weights are neither attached nor to be had without internet.",
            'Attach a data set with them, or set "enable_internet": true.',
        )


def _source(value: str, length: int | None) -> str:
    """Return the source in a setting, "" where it names none: owner/slug, or a mounted path."""
    if value.startswith(_INPUT):
        parts = [part for part in value.removeprefix(_INPUT).split("/") if part]
        if parts[:1] in (["datasets"], ["notebooks"]):
            return "/".join(parts[1:3])
        if parts[:1] == ["models"]:
            return ""
        return parts[1] if parts[:1] == ["competitions"] and parts[1:] else "".join(parts[:1])
    parts = value.split("/")
    if value.startswith(("/", ".", "~")) or len(parts) < 2:
        return ""
    return "/".join(parts[:2]) if length or len(parts) == 2 else ""


def _attached_names(metadata: Metadata) -> set[str]:
    """Return the names of all sources, whole and without their owner."""
    names = {_unversioned(name).lower() for name in metadata.sources.all}
    names |= {"/".join(name.split("/")[:2]) for name in names}
    return names | {name.rpartition("/")[2] for name in names}


def _unversioned(name: str) -> str:
    return "/".join(name.split("/")[:2]) if name.count("/") == 2 else name
